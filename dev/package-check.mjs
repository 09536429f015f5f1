// @ts-check
// `npm run test:package` packs Streamvane as npm would publish it, and the example package against it, as others would:
// installs both in folders outside of this one, runs the contract suites from there, and a process that loads the
// package. Needs `dist` (npm run build). Closes with one plain line, `N passed, N failed`.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'streamvane-package-'))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
let passed = 0
let failed = 0

/** @param {string} cwd @param {string} program @param {string[]} args */
const run = (cwd, program, ...args) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  return { status, stdout, stderr }
}
/** As `run`, but throws unless it ends well. @param {string} cwd @param {string} program @param {string[]} args */
const did = (cwd, program, ...args) => {
  const { status, stdout, stderr } = run(cwd, program, ...args)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  return stdout
}
/** @param {string} title @param {() => unknown} work */
const check = async (title, work) => {
  const began = Date.now()
  try {
    await work()
    passed += 1
    console.log(`ok    ${title} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  } catch (cause) {
    failed += 1
    console.log(`FAIL  ${title}\n${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
/** Packs a folder; the file. @param {string} folder */
const packed = (folder) => {
  const [{ filename }] = JSON.parse(did(folder, 'npm', 'pack', '--json', '--pack-destination', work))
  return join(work, filename.replaceAll('/', '-').replaceAll('@', ''))
}
/** Packages that `npm ci` has brought here are taken from npm's cache. @param {string} folder @param {string[]} packages */
const install = (folder, ...packages) =>
  did(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages)
/** The version that this repository tests with. @param {string} name */
const pinned = (name) => `${name}@${manifest.devDependencies[name] ?? manifest.dependencies[name]}`

/** The operator's project; the package is made in a folder below, so that what both need is installed once. */
const operator = join(work, 'operator')
const plugin = join(operator, 'packages/http-ends')
/** @param {string[]} args */
const streamvane = (...args) => run(operator, join(operator, 'node_modules/.bin/streamvane'), ...args)
/** @param {unknown} settings */
const configure = (settings) => writeFileSync(join(operator, 'streamvane.yaml'), JSON.stringify(settings))

/** A collector of rows and a feed of events. @param {readonly string[]} events */
const standIn = async (events) => {
  /** @type {{ id: string, record: { key?: string, revision: number } }[]} */
  const rows = []
  let at = 0
  const server = createServer((request, response) => {
    const chunks = /** @type {Buffer[]} */ ([])
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      if (request.url === '/rows')
        rows.push(
          ...body
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        )
      if (request.url === '/feed/acknowledged') at = Number(body)
      if (request.url !== '/feed') return response.writeHead(200).end()
      const next = events.slice(at, at + 100)
      if (next.length === 0) return void setTimeout(() => response.writeHead(204).end(), 100)
      response.writeHead(200, { 'x-cursor': String(at + next.length) }).end(next.join('\n'))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}`, rows, done: () => at === events.length, close: () => server.close() }
}

try {
  let streamvaneFile = ''
  let pluginFile = ''
  await check(
    'Streamvane can be packed, with the command, the ports and the example, and without sources or tests',
    () => {
      streamvaneFile = packed(root)
      const names = did(work, 'tar', 'tzf', streamvaneFile).split('\n')
      for (const name of [
        'dist/src/cli/main.js',
        'dist/src/plugin/sink.d.ts',
        'examples/plugins/http-ends/src/index.ts',
      ])
        assert.ok(names.includes(`package/${name}`), `${name} is missing`)
      assert.deepEqual(
        names.filter((name) => /^package\/(src|test)\//.test(name)),
        [],
      )
    },
  )
  await check('the example package is built from the packed Streamvane alone', () => {
    cpSync(join(root, 'examples/plugins/http-ends'), plugin, { recursive: true })
    writeFileSync(join(operator, 'package.json'), '{ "private": true }')
    install(operator, streamvaneFile, ...['vitest', 'typescript', '@types/node', 'zod'].map(pinned))
    did(plugin, 'npm', 'run', 'build')
    pluginFile = packed(plugin)
  })
  await check('its sink and source pass the contract suites from outside', () => {
    const { stdout, stderr } = run(plugin, 'npx', 'vitest', 'run', '--reporter=json')
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(stdout.slice(stdout.indexOf('{')))
    passed += numPassedTests
    failed += numFailedTests
    const messages = testResults.flatMap((/** @type {any} */ { message, assertionResults }) => [
      message,
      ...assertionResults.flatMap((/** @type {any} */ { failureMessages }) => failureMessages),
    ])
    assert.ok(numPassedTests > 20 && numFailedTests === 0, `${stderr}\n${messages.join('\n')}`)
  })
  await check('its tests are type-correct', () => {
    const tests = {
      extends: './tsconfig.json',
      compilerOptions: { rootDir: '.', noEmit: true },
      include: ['src', 'test'],
    }
    writeFileSync(join(plugin, 'tsconfig.tests.json'), JSON.stringify(tests))
    did(plugin, 'npx', 'tsc', '-p', 'tsconfig.tests.json')
  })
  await check('an operator who installs both gets events from the source and rows to the sink', async () => {
    install(operator, pluginFile)
    const simulation = ['--hours', '1', '--agents', '6', '--queues', '2', '--seed', '5', '--out', 'events.ndjson']
    const simulated = streamvane('simulate', ...simulation)
    const events = readFileSync(join(operator, 'events.ndjson'), 'utf8').split('\n').filter(Boolean)
    assert.ok(events.length > 100, simulated.stderr)
    const ends = await standIn(events)
    const use = '@acme/streamvane-http-ends'
    configure({
      ...{
        data: join(operator, 'data'),
        clock: { mode: 'event-time' },
        ingress: { enabled: false },
        health: { port: 0 },
      },
      admin: false,
      sources: [{ name: 'feed', use, url: `${ends.url}/feed` }],
      egress: { sinks: [{ name: 'collector', use, url: `${ends.url}/rows` }] },
    })
    const child = spawn(join(operator, 'node_modules/.bin/streamvane'), ['run', '--config', 'streamvane.yaml'], {
      cwd: operator,
    })
    let said = ''
    child.stderr.on('data', (text) => (said += String(text)))
    const ended = once(child, 'exit')
    void ended.then(([code]) => (said += `\nended with ${code}`))
    while (!ends.done() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 100))
    child.kill('SIGTERM')
    assert.equal((await ended)[0], 0, said)
    const rest = await new Promise((resolve) => {
      const last = spawn(
        join(operator, 'node_modules/.bin/streamvane'),
        ['run', '--until-caught-up', '--config', 'streamvane.yaml'],
        { cwd: operator },
      )
      last.stderr.on('data', (text) => (said += String(text)))
      last.on('exit', resolve)
    })
    assert.equal(rest, 0, said)
    ends.close()
    const latest = new Map(
      ends.rows.flatMap(({ record: { key, revision } }) => (key === undefined ? [] : [[key, revision]])),
    )
    const { stdout } = streamvane('rows', '--family', 'queue', '--json', '--config', 'streamvane.yaml')
    const rows = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    assert.ok(rows.length > 0, 'there are no rows')
    for (const { key, revision } of rows) assert.equal(latest.get(key), revision, `row ${key}`)
  })
  for (const [title, use, message] of [
    [
      'is not installed',
      '@acme/other',
      /egress\.sinks\.0\.use: @acme\/other is not installed .* npm install @acme\/other/,
    ],
    ['brings no sink', 'npm:zod', /egress\.sinks\.0\.use: npm:zod exports no sink/],
    ['is not there', './ours.js', /egress\.sinks\.0\.use: \.\/ours\.js is not there/],
  ])
    await check(`a package that ${title} is told by config check`, () => {
      configure({ egress: { sinks: [{ name: 'ours', use }] } })
      const { status, stderr } = streamvane('config', 'check', '--config', 'streamvane.yaml')
      assert.equal(status, 2, stderr)
      assert.match(stderr, /** @type {RegExp} */ (message))
    })
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
