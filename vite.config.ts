import { vitePlugin as remix } from '@remix-run/dev'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    tailwindcss(),
    remix({
      ignoredRouteFiles: ['**/*.test.{ts,tsx}', '**/.*'],
      future: {
        v3_fetcherPersist: true,
        v3_relativeSplatPath: true,
        v3_throwAbortReason: true,
        v3_singleFetch: true,
        // Off on purpose: its /__manifest endpoint lets one GET hold the event loop for a second (docs/decisions/0004-remix-2.md).
        v3_lazyRouteDiscovery: false,
      },
    }),
  ],
  build: { target: 'es2022' },
  server: { host: '127.0.0.1' },
})
