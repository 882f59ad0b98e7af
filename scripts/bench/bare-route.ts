/**
 * A separate process: a Remix route with one conditional update and nothing else, on the same HTTP stack as the app. It is
 * what a call of the API is compared with.
 */
import { getRequestListener } from '@hono/node-server'
import { type ActionFunctionArgs, createRequestHandler, type ServerBuild } from '@remix-run/node'
import mongoose, { Types } from 'mongoose'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { type Counter, COUNTERS } from './counters.ts'

const bodySchema = z.object({ account: z.string(), credits: z.int().positive() })

async function action({ request }: ActionFunctionArgs): Promise<Response> {
  const { account, credits } = bodySchema.parse(await request.json())
  const after = await mongoose.connection
    .collection<Counter>(COUNTERS)
    .findOneAndUpdate(
      { _id: new Types.ObjectId(account), credits: { $gte: credits } },
      { $inc: { credits: -credits } },
      { returnDocument: 'after' },
    )
  if (!after) return Response.json({ success: false }, { status: 402 })
  return Response.json({ success: true, credits: after.credits })
}

const build: ServerBuild = {
  entry: { module: { default: () => new Response(null, { status: 404 }) } },
  routes: {
    root: { id: 'root', path: '', module: { default: () => null } },
    deduct: { id: 'deduct', parentId: 'root', path: 'deduct', module: { action, default: undefined as never } },
  },
  assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '' },
  publicPath: '/',
  assetsBuildDirectory: '',
  future: {} as ServerBuild['future'],
  isSpaMode: false,
  mode: 'production',
}

await connectDatabase(process.env.MONGODB_URI)
const answer = getRequestListener(createRequestHandler(build, 'production'), { overrideGlobalObjects: false })
const server = createServer((incoming, outgoing) => void answer(incoming, outgoing))
server.listen(0, '127.0.0.1', () => {
  console.log(`Bare route ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close(() => void disconnectDatabase())
})
