import { defineConfig } from "vite";
import { thirdPartyNotices } from "./build/notices.ts";

// The page that bench/Thaw.Bench times, without an interface of its own.
export default defineConfig({
  root: "bench",
  base: "./",
  publicDir: false,
  plugins: [thirdPartyNotices()],
  build: {
    outDir: "../../bench/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 800,
  },
});
