/** A drop of water that still holds its crystal. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path className="mark-drop" d="M16 2.5c4.6 5.9 9.5 10.6 9.5 16.8a9.5 9.5 0 0 1-19 0c0-6.2 4.9-10.9 9.5-16.8z" />
      <path className="mark-crystal" d="M16 13v12M10.8 16l10.4 6M21.2 16l-10.4 6" />
    </svg>
  );
}
