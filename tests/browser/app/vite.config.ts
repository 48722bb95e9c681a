import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig(() => {
  const target = process.env["SHOP_SERVER"] ?? "http://127.0.0.1:9";
  return {
    plugins: [react()],
    cacheDir: "cache",
    clearScreen: false,
    server: { host: "127.0.0.1", proxy: { "/api": target, "/v1": target } },
  };
});
