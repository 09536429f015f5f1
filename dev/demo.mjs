// @ts-check
// `npm run demo` sends a simulated morning of a contact centre through the HTTP ingress, the projector and the egress,
// and reads the records back from the topic. `npm run demo -- --log eventstoredb` uses EventStoreDB as the log.
// `npm run demo -- --live` is another: a day at 60 times its speed, with the console open (demo-live.mjs).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { ensureInstalled } from './install.mjs'

const root = join(import.meta.dirname, '..')
const FROM = '2026-01-05T06:00:00Z'
const SIMULATION = [
  '--seed',
  '1',
  '--from',
  FROM,
  '--hours',
  '4',
  '--queues',
  '4',
  '--agents',
  '30',
  '--duplicates',
  '0.02',
  '--reorder',
  '0.05',
  '--envelope',
  'mixed',
]
const TOPIC = 'genesys.queue-metrics'
/** A broker that is kept may have its topics set up in its own way. */
const TOPICS_DIFFER = 5

const { values } = parseArgs({
  options: { log: { type: 'string', default: 'embedded' }, live: { type: 'boolean', default: false } },
})
if (values.log !== 'embedded' && values.log !== 'eventstoredb') {
  console.error(`--log ${values.log}: there is embedded and eventstoredb`)
  process.exit(2)
}

/** Something that was demanded is not to be had: one line says it all. */
class Wanting extends Error {}

const began = Date.now()
/** @param {string} line */
const say = (line) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`)

say('checking what is installed')
ensureInstalled(root)
if (values.live) {
  const { liveDemo } = await import('./demo-live.mjs')
  await liveDemo(root, say).catch((/** @type {unknown} */ cause) => {
    console.error(cause)
    process.exitCode = 1
  })
  process.exit()
}
const { findRuntime, kafkaIsRequired, startPieces } = await import('./local-kafka/runtime.mjs')
const { startEventStoreDb } = await import('./local-eventstoredb.mjs')
const { consumeRecords, latest, readRecords } = await import('./demo-records.mjs')

const data = join(root, 'data', 'demo')
rmSync(data, { recursive: true, force: true })
mkdirSync(data, { recursive: true })
const rosterFile = join(data, 'roster.json')

/** @type {(() => Promise<void> | void)[]} */
const cleanups = []
let ended = false
const end = async () => {
  if (ended) return
  ended = true
  for (const cleanup of cleanups.reverse()) await cleanup()
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end().then(() => process.exit(130)))

/** @param {string[]} args @param {NodeJS.ProcessEnv} env */
const streamvane = (args, env) =>
  spawn(process.execPath, ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, STREAMVANE_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/**
 * Runs a command to its end and returns what it printed.
 * @param {string[]} args @param {NodeJS.ProcessEnv} env @param {number[]} fine exit codes that are no failure
 */
const finished = async (args, env, fine = [0]) => {
  const child = streamvane(args, env)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  if (!fine.includes(code)) throw new Error(`streamvane ${args.join(' ')} ended with ${code}:\n${stderr}`)
  return stdout.trim()
}

/** Starts `streamvane run` and resolves with its ingress once it listens. @param {NodeJS.ProcessEnv} env */
const started = async (env) => {
  const child = streamvane(['run', '--clock', 'event-time', '--port', '0'], env)
  const lines = []
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line)
    const url = line.includes('ingress: listening') ? /"url":"([^"]+)"/.exec(line)?.[1] : undefined
    if (url !== undefined) {
      child.stderr.resume()
      return { child, url }
    }
  }
  throw new Error(`streamvane run did not come up:\n${lines.join('\n')}`)
}

try {
  const runtime = await findRuntime()
  const startedPieces = await startPieces({ runtime, log: say })
  const { pieces } = startedPieces
  if (pieces !== undefined) {
    cleanups.push(pieces.stop)
    say(`Kafka at ${pieces.brokers.join(', ')}: ${runtime.why}`)
    if (pieces.lacks !== undefined) say('records go to Kafka as JSON, which needs no schema registry')
  } else if (kafkaIsRequired()) {
    throw new Wanting(`a Kafka broker is required and cannot be had: ${startedPieces.why}`)
  } else say(`no Kafka broker to be had (${startedPieces.why}): rows go to files`)
  const tenant = `demo-${began.toString(36)}` // its own, so that a broker that is kept does not mistake this run for an earlier one
  /** @type {NodeJS.ProcessEnv} */
  const env = { STREAMVANE_TENANT: tenant, STREAMVANE_CLOCK__EVERY_MS: '60000' }
  if (values.log === 'eventstoredb') {
    const server = await startEventStoreDb()
    cleanups.push(server.stop)
    say(`EventStoreDB at ${server.url.replace(/\/\/[^/@]*@/, '//***@')}: ${server.why}`)
    env['STREAMVANE_LOG__KIND'] = 'eventstoredb'
    env['EVENTSTOREDB_URL'] = server.url
  }
  if (pieces === undefined) env['STREAMVANE_EGRESS__SINK'] = 'files'
  else {
    env['KAFKA_BROKERS'] = pieces.brokers.join(',')
    if (pieces.registryUrl === undefined) env['STREAMVANE_EGRESS__KAFKA__FORMAT'] = 'json'
    else {
      env['SCHEMA_REGISTRY_URL'] = pieces.registryUrl
      env['STREAMVANE_EGRESS__KAFKA__REGISTRY__AUTO_REGISTER'] = 'true'
    }
    for (const line of (await finished(['topics', 'apply'], env, [0, TOPICS_DIFFER])).split('\n')) say(`topic ${line}`)
  }

  const { child, url } = await started(env)
  cleanups.push(() => void child.kill('SIGKILL'))
  say(`streamvane run: ingress at ${url}, projector and egress in the same process`)
  await finished(
    ['simulate', ...SIMULATION, '--post', url, '--roster', rosterFile, '--truth', join(data, 'truth.json')],
    env,
  )
  const truth = JSON.parse(readFileSync(join(data, 'truth.json'), 'utf8'))
  say(
    `posted ${truth.totals.lines} events of ${truth.totals.conversations} simulated conversations, ${truth.totals.duplicates} of them twice`,
  )
  child.kill('SIGTERM')
  await once(child, 'exit')
  say('stopped it with SIGTERM; what the log still holds is worked off')
  await finished(['run', '--until-caught-up'], env)

  const records =
    pieces === undefined
      ? await readRecords(join(data, 'files', TOPIC))
      : await consumeRecords({ brokers: pieces.brokers, registryUrl: pieces.registryUrl, topic: TOPIC })
  const rows = latest(records.filter((/** @type {any} */ record) => record.tenant === tenant))
  say(`read back ${records.length} records of ${TOPIC}: ${rows.length} rows in their last revision`)
  print(rows.filter(({ mediaType }) => mediaType === 'voice'))
  console.log(
    `voice only; ${rows.filter(({ mediaType }) => mediaType !== 'voice').length} rows of other media lie on the same topic`,
  )
  for (const metric of ['nOffered', 'tAnswered', 'tAbandon', 'tFlowOut', 'tHandle']) {
    const [published, simulated] = [total(rows, metric), total(truth.queue, metric)]
    console.log(
      `${metric.padEnd(9)} ${String(published).padStart(5)} on the topic, ${String(simulated).padStart(5)} simulated${published === simulated ? '' : '  DIFFERENT'}`,
    )
    if (published !== simulated) process.exitCode = 1
  }
  console.log(
    pieces === undefined
      ? `files: ${relative(process.cwd(), join(data, 'files'))}`
      : `topics: genesys.queue-metrics, genesys.agent-metrics, genesys.agent-state on ${pieces.brokers.join(', ')}${runtime.kind === 'maven' ? ' (ends with this demo)' : ''}`,
  )
  console.log(
    `${values.log === 'embedded' ? 'log and local state' : 'local state (the log is on EventStoreDB)'}: ${relative(process.cwd(), data)}`,
  )
  if (values.log === 'embedded')
    console.log(
      `look further: npx tsx src/cli/main.ts rows --family agent --data ${relative(process.cwd(), data)} --tenant ${tenant}`,
    )
  await end()
  console.log('a day at 60 times its speed, with the console in the browser: npm run demo -- --live')
  say('done')
} catch (cause) {
  await end()
  console.error(cause instanceof Wanting ? cause.message : cause)
  process.exitCode = 1
}

/** Emissions of a metric over all rows. @param {{ measures: Record<string, any> }[]} rows @param {string} metric */
function total(rows, metric) {
  return rows.reduce((sum, { measures }) => sum + (measures[metric]?.count ?? 0), 0)
}

/** @param {import('./demo-records.mjs').QueueRecord[]} rows */
function print(rows) {
  const Table = createRequire(import.meta.url)('cli-table3')
  const names = new Map(
    JSON.parse(readFileSync(rosterFile, 'utf8')).queues.map((/** @type {any} */ queue) => [queue.id, queue.name]),
  )
  const table = new Table({
    head: ['queue', 'media', 'interval (UTC)', 'offered', 'answered', 'abandoned', 'SL %', 'ASA s', 'AHT s', 'status'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  })
  /** @param {{ numerator: number, denominator: number } | null | undefined} ratio @param {number} scale */
  const quotient = (ratio, scale) => (ratio ? ((ratio.numerator / ratio.denominator) * scale).toFixed(1) : '')
  for (const { queueId, mediaType, intervalStart, measures, kpis, ...row } of rows) {
    const at = new Date(intervalStart).toISOString()
    table.push([
      names.get(queueId) ?? queueId,
      mediaType,
      `${at.slice(0, 10)} ${at.slice(11, 16)}`,
      measures.nOffered?.count ?? 0,
      measures.tAnswered?.count ?? 0,
      measures.tAbandon?.count ?? 0,
      quotient(kpis.serviceLevel, 100),
      quotient(kpis.asa, 0.001),
      quotient(kpis.aht, 0.001),
      /** @type {any} */ (row).status,
    ])
  }
  console.log(table.toString())
}
