import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { thirdPartyNotices } from "./build/notices.ts";

export default defineConfig({
  // Served under /client/, and wherever a proxy puts it.
  base: "./",
  plugins: [react(), thirdPartyNotices()],
  build: {
    outDir: "../src/Thaw.Voice/webroot",
    emptyOutDir: true,
    // No inlined data: URLs, no preload polyfill: the page runs under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 800,
  },
  server: {
    // `npm run dev` beside `thaw serve`.
    proxy: { "/api": "http://localhost:7860", "/start": "http://localhost:7860", "/sessions": "http://localhost:7860" },
  },
});
