/** A child of `npm run dev`: the app from its sources, with Vite's hot reload. */
import { joinInstallation, readEnvironment, requireDatabase } from './environment.mjs'
import { anyFreePort } from './ports.mjs'
import { ROOT } from './project.mjs'
import { complain } from './terminal.mjs'

const BROWSER_PACKAGES = [
  'react',
  'react-dom',
  'react-dom/client',
  'react/jsx-runtime',
  'react/jsx-dev-runtime',
  '@remix-run/react',
  '@conform-to/react',
  '@conform-to/zod/v4',
  'lucide-react',
  'zod',
]

try {
  readEnvironment()
  joinInstallation()
  requireDatabase()
  process.env.NODE_ENV = 'development'
  const { createServer } = await import('vite')
  const vite = await createServer({
    root: ROOT,
    appType: 'custom',
    // Reload signals get a port of their own, because Vite's default is one per machine. Without a host it would
    // listen on the network too, and serve files there.
    server: { middlewareMode: true, hmr: { host: '127.0.0.1', port: await anyFreePort() } },
    // Vite would scan for packages before Remix removes the loaders, find the server's, and reload the first page
    // midway. So list every browser package here that is not an ES module.
    optimizeDeps: { noDiscovery: true, include: BROWSER_PACKAGES },
  })
  const build = await vite.ssrLoadModule('virtual:remix/server-build')
  await build.entry.module.startServer(build, { vite })
} catch (error) {
  complain(error)
  process.exit(1)
}
