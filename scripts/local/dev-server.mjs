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
    // A port of its own for the reload signals: Vite's default is one for the whole machine. Left without a host, it would
    // listen to the network too, and what answers there reads files.
    server: { middlewareMode: true, hmr: { host: '127.0.0.1', port: await anyFreePort() } },
    // Vite would look for packages before Remix takes the loaders out, find the server's, and reload the first page in
    // the middle. So what the browser gets is named: a package for the browser that is not an ES module belongs here.
    optimizeDeps: { noDiscovery: true, include: BROWSER_PACKAGES },
  })
  const build = await vite.ssrLoadModule('virtual:remix/server-build')
  await build.entry.module.startServer(build, { vite })
} catch (error) {
  complain(error)
  process.exit(1)
}
