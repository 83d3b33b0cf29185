import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  test: { include: ["tests/**/*.test.ts"] },
  build: {
    target: "es2023",
    outDir: "dist/page",
    emptyOutDir: true,
    assetsDir: "assets",
    // Nothing is inlined: the policy of the server allows no data URLs and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: "licenses.md" },
  },
});
