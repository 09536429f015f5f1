// @ts-check
// `npm run test:image` does without an engine what can be done: makes the application layer of the image as the
// Dockerfile does, and runs the program from it as the container would, as another user on files that it cannot change.
// Needs `dist` (npm run build). Closes with one plain line, `N passed, N failed`.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyLayer, layerFiles } from '../deploy/docker/layer.mjs'

/** Of the image; see docs/deploy/docker.md. */
const IMAGE_MAX_MB = 200
/** C library, OpenSSL, time zones and certificates below Node in the distroless image, with room. */
const BASE_WITHOUT_NODE_MB = 28
const READY_LIMIT_MS = 60_000
const NONROOT = 65_532
const TOKEN = 'for-this-check-only'

const root = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'streamvane-image-'))
const [app, data] = [join(work, 'app'), join(work, 'data')]
// The home of who runs this may be closed to others, and its Node with it.
const program = join(work, 'node')
const events = join(data, 'events.ndjson')
const isRoot = process.getuid?.() === 0
let passed = 0
let failed = 0

/** @param {string} title @param {() => unknown} check */
const check = async (title, check) => {
  try {
    await check()
    passed += 1
    console.log(`ok    ${title}`)
  } catch (cause) {
    failed += 1
    console.log(`FAIL  ${title}\n${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Free now. @returns {Promise<number>} */
const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** What the Dockerfile sets, with free ports. */
const env = {
  PATH: process.env['PATH'] ?? '',
  NODE_ENV: 'production',
  STREAMVANE_HEALTH__HOST: '127.0.0.1',
  STREAMVANE_HEALTH__PORT: String(await freePort()),
  STREAMVANE_INGRESS__PORT: String(await freePort()),
  STREAMVANE_INGRESS__TOKEN: TOKEN,
}
/** As the container's user, where this process may choose. */
const asNonRoot = { cwd: app, env, ...(isRoot && { uid: NONROOT, gid: NONROOT }) }
const main = join(app, 'dist/src/cli/main.js')

/** @param {string[]} args */
const node = (...args) => spawnSync(program, args, { ...asNonRoot, encoding: 'utf8', input: '', maxBuffer: 1 << 28 })
const healthcheck = () => node(join(app, 'deploy/docker/healthcheck.mjs'))

/** One number for the names and bytes of all files. @param {string} folder @param {readonly { path: string }[]} files */
const digest = (folder, files) => {
  const hash = createHash('sha256')
  for (const { path } of files)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(folder, path)))
      .update('\0')
  return hash.digest('hex')
}

try {
  mkdirSync(app)
  mkdirSync(data)
  cpSync(process.execPath, program)
  chmodSync(work, 0o755)
  if (isRoot) chownSync(data, NONROOT, NONROOT)
  const files = copyLayer(root, app)

  await check('the layer has the same files and bytes each time that it is made', () => {
    const again = join(work, 'again')
    assert.deepEqual(copyLayer(root, again), files)
    assert.equal(digest(again, files), digest(app, files))
    assert.deepEqual(layerFiles(root), files)
    rmSync(again, { recursive: true })
  })

  await check(`with Node and its base the image has less than ${IMAGE_MAX_MB} MB`, () => {
    const layerMb = files.reduce((bytes, file) => bytes + file.bytes, 0) / 1e6
    const nodeMb = statSync(program).size / 1e6
    const all = layerMb + nodeMb + BASE_WITHOUT_NODE_MB
    console.log(
      `      ${layerMb.toFixed(1)} MB in ${files.length} files + Node ${process.version} ${nodeMb.toFixed(1)} MB + ${BASE_WITHOUT_NODE_MB} MB = ${all.toFixed(1)} MB`,
    )
    assert.ok(all < IMAGE_MAX_MB)
  })

  await check('events are simulated, folded and shown by the files of the layer alone', () => {
    const simulated = node(main, 'simulate', '--seed', '1', '--hours', '1', '--out', events)
    assert.equal(simulated.status, 0, simulated.stderr)
    const imported = node(main, 'import', events, '--data', data)
    assert.equal(imported.status, 0, imported.stderr)
    const folded = node(main, 'run', '--until-caught-up', '--data', data)
    assert.equal(folded.status, 0, folded.stderr)
    const rows = node(main, 'rows', '--family', 'queue', '--json', '--data', data)
    assert.equal(rows.status, 0, rows.stderr)
    assert.ok(rows.stdout.includes('"queue'), rows.stdout.slice(0, 200))
  })

  await check('the health check fails where nothing runs', () => assert.equal(healthcheck().status, 1))

  /** It lives before its stages listen. */
  const untilReady = async () => {
    const url = `http://127.0.0.1:${env.STREAMVANE_HEALTH__PORT}/readyz`
    const began = Date.now()
    while (!(await fetch(url)).ok) {
      assert.ok(Date.now() - began < READY_LIMIT_MS, 'it is not ready')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  const running = spawn(program, [main, 'run', '--data', data], { ...asNonRoot, stdio: 'pipe' })
  const stderr = /** @type {string[]} */ ([])
  running.stderr.setEncoding('utf8').on('data', (text) => stderr.push(text))
  running.stdout.resume()
  const ended = once(running, 'close')
  try {
    await check('the program starts on files that it cannot change, and its health check holds', async () => {
      const began = Date.now()
      while (healthcheck().status !== 0) {
        assert.ok(Date.now() - began < READY_LIMIT_MS && running.exitCode === null, stderr.join(''))
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    })
    await check('it stores an event, and refuses one without the token', async () => {
      await untilReady()
      const url = `http://127.0.0.1:${env.STREAMVANE_INGRESS__PORT}/v1/events`
      const [event] = readFileSync(events, 'utf8').split('\n')
      /** @param {Record<string, string>} headers */
      const post = (headers) =>
        fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: event ?? '' })
      assert.equal((await post({})).status, 401)
      assert.equal((await post({ authorization: `Bearer ${TOKEN}` })).status, 200)
    })
    await check('SIGTERM ends it well, with its stages drained', async () => {
      running.kill('SIGTERM')
      const [code] = await ended
      assert.equal(code, 0, stderr.join(''))
    })
  } finally {
    running.kill('SIGKILL')
  }
  await check('no file of the program was changed', () => assert.equal(digest(app, files), digest(root, files)))
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
