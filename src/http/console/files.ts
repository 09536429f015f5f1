import { existsSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Nothing of other origins, nothing inline, in no frame. */
const CONTENT_SECURITY_POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:"],
  ...["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"],
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
} as const

/** The name of a file of vite says its content, so a browser may keep it. */
const KEPT = 'public, max-age=31536000, immutable'

/** `dist/console`, beside the compiled program or in the source tree. */
export const builtConsole = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  const root = here.split(sep).at(-4) === 'dist' ? join(here, '../../..') : join(here, '../../../dist')
  return join(root, 'console')
}

/**
 * Serves the console below `/console/`. A path that names no file is a place in the application, and gets its page.
 * Where the console was not built, every path says how to build it.
 */
export const addConsoleFiles = async (app: FastifyInstance, folder = builtConsole()): Promise<void> => {
  app.get('/', (_request, reply) => reply.redirect('/console/'))
  app.get('/console', (_request, reply) => reply.redirect('/console/'))
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/console/*', (_request, reply) => sendNotBuilt(reply, folder))
    return
  }
  await app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false, dotfiles: 'ignore' })
  app.get<{ Params: { '*': string } }>('/console/*', (request, reply) => {
    const path = request.params['*']
    const isHashed = path.startsWith('assets/')
    void reply.headers({ ...PAGE_HEADERS, 'cache-control': isHashed ? KEPT : 'no-cache' })
    return reply.sendFile(isHashed ? path : 'index.html')
  })
}

const sendNotBuilt = (reply: FastifyReply, folder: string): FastifyReply =>
  reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .send(`The console is not built: ${folder} has no index.html. In the source tree, run \`npm run build:console\`.\n`)
