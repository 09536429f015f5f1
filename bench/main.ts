/**
 * `npm run bench`: our figures beside their ceilings, measured in the same run. Only the ratios travel between
 * machines.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { ratioOf, reaches, type BenchLine } from './bench-line.js'
import { compareRuns } from './compare.js'

export type BenchOptions = Readonly<{
  /** Events of each corpus. */
  events: number
  /** How often each measurement is repeated; the median counts. */
  repeats: number
}>

type Bench = (options: BenchOptions) => Promise<readonly BenchLine[]>

/**
 * Loaded one by one, when its turn comes: a bench must not be measured beside what another left in memory at import.
 */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  log: async () => (await import('./log.js')).benchLog,
  encryption: async () => (await import('./encryption.js')).benchEncryption,
  ingest: async () => (await import('./ingest.js')).benchIngest,
  fold: async () => (await import('./fold.js')).benchFold,
  replay: async () => (await import('./replay.js')).benchReplay,
  verify: async () => (await import('./verify.js')).benchVerify,
  audit: async () => (await import('./audit.js')).benchAudit,
  memory: async () => (await import('./memory.js')).benchMemory,
  cli: async () => (await import('./command-line.js')).benchCommandLine,
  egress: async () => (await import('./egress.js')).benchEgress,
  console: async () => (await import('./console.js')).benchConsole,
  freshness: async () => (await import('./freshness.js')).benchFreshness,
  telemetry: async () => (await import('./telemetry.js')).benchTelemetry,
  eventstoredb: async () => (await import('./eventstoredb.js')).benchEventStoreDb,
}

const USAGE = `npm run bench [-- OPTIONS]

  --only A,B        only these of ${Object.keys(BENCHES).join(', ')} (default: all but
                    memory, which takes half an hour)
  --events N        events of each corpus (default: 1,000,000)
  --large           10,000,000 events
  --repeats N       how often each measurement is repeated; the median counts (default: 3)
  --out FILE        write the figures there as JSON
  --compare FILE    say what became slower than in that earlier --out; the exit code is 1 if anything did
  --json            print the figures as JSON instead of a table`

const { values } = parseArgs({
  options: {
    compare: { type: 'string' },
    events: { type: 'string', default: '1000000' },
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    only: { type: 'string' },
    out: { type: 'string' },
    repeats: { type: 'string', default: '3' },
  },
})
const refuse = (why: string): never => {
  console.error(`${why}\n\n${USAGE}`)
  process.exit(2)
}
/** @param what the option */
const positive = (what: string, text: string): number => {
  const number = Number(text)
  return Number.isSafeInteger(number) && number > 0 ? number : refuse(`${what} ${text}: expected a positive number`)
}

type Run = Readonly<{ node: string; processor: string; at: string; options: BenchOptions; lines: readonly BenchLine[] }>

const earlierRun = (file: string): Run => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Run
  } catch (cause) {
    return refuse(`--compare ${file} cannot be read: ${(cause as Error).message}`)
  }
}

const measure = async (options: BenchOptions, wanted: readonly string[]): Promise<[BenchLine[], failures: number]> => {
  const lines: BenchLine[] = []
  let failures = 0
  for (const name of wanted) {
    console.error(`measuring ${name} …`)
    try {
      const bench = await BENCHES[name]?.()
      if (bench !== undefined) lines.push(...(await bench(options)))
    } catch (cause) {
      failures += 1
      console.error(`bench ${name} failed:`, cause)
    }
  }
  return [lines, failures]
}

const print = (lines: readonly BenchLine[]): void => {
  const table = new Table({
    head: ['what', 'ours', 'ceiling', 'unit', 'ratio', 'goal', '', 'spread', 'peak MB', 'note'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  })
  const whole = (figure: number) => Math.round(figure).toLocaleString('en-US')
  for (const line of lines) {
    const { name, ours, ceiling, unit, goal, lessIsBetter, spread, peakMb, note } = line
    const reached = reaches(line)
    table.push([
      name,
      whole(ours),
      whole(ceiling),
      unit,
      ratioOf(line).toFixed(2),
      goal === undefined ? '' : `${lessIsBetter === true ? '≤' : '≥'} ${goal}`,
      reached === undefined ? '' : reached ? 'yes' : 'NO',
      spread === undefined ? '' : `${(100 * spread).toFixed(0)} %`,
      peakMb === undefined ? '' : whole(peakMb),
      note ?? '',
    ])
  }
  console.log(table.toString())
}

if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const wanted = values.only?.split(',') ?? Object.keys(BENCHES).filter((name) => name !== 'memory')
const unknown = wanted.filter((name) => !(name in BENCHES))
if (unknown.length > 0) refuse(`no bench is called ${unknown.join(', ')}`)
const events = values.large ? 10_000_000 : positive('--events', values.events)
const options = { events, repeats: positive('--repeats', values.repeats) }
const before = values.compare === undefined ? undefined : earlierRun(values.compare)

const [lines, failures] = await measure(options, wanted)
const processor = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`
const run: Run = { node: process.version, processor, at: new Date().toISOString(), options, lines }
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(run, undefined, 2)}\n`)
if (values.json) console.log(JSON.stringify(run))
else {
  print(lines)
  console.log(`Node ${run.node}, ${run.processor}, ${events} events, ${options.repeats} repeats`)
}
const slower = before === undefined ? [] : compareRuns(before.lines, lines).filter(({ verdict }) => verdict !== 'same')
for (const { name, before: then, now, verdict } of slower)
  console.log(`${verdict}: ${name}: ratio ${then.toFixed(2)} before, ${now.toFixed(2)} now`)
process.exitCode = failures > 0 || slower.some(({ verdict }) => verdict === 'slower') ? 1 : 0
