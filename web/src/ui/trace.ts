import { historyLength } from "../media/levels.ts";
import type { Levels } from "../media/levels.ts";

/** Ten seconds of both directions about one line: an echo shows as the same shape below, later. */
export function drawTrace(canvas: HTMLCanvasElement, history: Levels["history"], scaled: (amplitude: number) => number) {
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;

  const style = getComputedStyle(canvas);
  const column = width / historyLength;
  const middle = height / 2;
  context.clearRect(0, 0, width, height);

  context.fillStyle = style.getPropertyValue("--line");
  for (let second = 1; second < 10; second++) context.fillRect(Math.round((width * second) / 10), 0, 1, height);
  context.fillRect(0, Math.round(middle), width, 1);

  const sides = [
    { ring: history.you, colour: style.getPropertyValue("--you"), up: true },
    { ring: history.agent, colour: style.getPropertyValue("--agent"), up: false },
  ];
  for (const { ring, colour, up } of sides) {
    context.fillStyle = colour;
    for (let age = 0; age < historyLength; age++) {
      const index = history.count - 1 - age;
      if (index < 0) break;
      const length = scaled(ring[index % historyLength]!) * (middle - 2 * ratio);
      if (length < 0.5) continue;
      context.fillRect(width - (age + 1) * column, up ? middle - length : middle + 1, Math.max(1, column * 0.7), length);
    }
  }
}
