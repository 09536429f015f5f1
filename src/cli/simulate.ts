import { createWriteStream, type WriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join, parse } from 'node:path'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Option, type Command } from 'commander'
import { HOUR_MS } from '../domain/interval.js'
import type { PointSource } from '../domain/profile.js'
import { queueAnswers } from '../simulator/answers/queue-answers.js'
import type { SimulateOptions } from '../simulator/options.js'
import { simulate } from '../simulator/simulate.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { instantOf, share, wholeNumber } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { postLines } from './post.js'
import { progressBar } from './command/progress.js'
import { tokenOf } from './command/token.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  Readonly<{
    seed: number
    from: string
    hours: string
    queues: number
    agents: number
    callsPerHour?: number
    emit: NonNullable<SimulateOptions['emit']>
    envelope: NonNullable<SimulateOptions['envelope']>
    duplicates: number
    reorder: number
    late: number
    lateMaxMs: number
    acwLate: number
    acwLateMaxMs: number
    cutAtEnd?: boolean
    out?: string
    post?: string
    token?: string
    tokenFile?: string
    rate: number
    reconfigure?: boolean
    truth?: string
    truthOf: PointSource
    roster?: string
    configOut?: string
    conversationDetails?: string
  }>

export const simulateCommand = (): Command =>
  withWriting(
    withScenario(
      command('simulate', summaries.simulate, [
        'streamvane simulate --seed 1 --from 2026-01-05T06:00:00Z --hours 6 --queues 5 --agents 40 --out morning.ndjson --truth truth.json',
        'streamvane simulate --seed 1 --hours 1 --out - | streamvane import -',
        'streamvane simulate --seed 1 --hours 24 --reconfigure --out day.ndjson --config-out queues.json --conversation-details details.ndjson',
        'streamvane simulate --seed 1 --hours 2 --duplicates 0.02 --reorder 0.05 --post http://127.0.0.1:8080 --rate 500',
      ]),
    ),
  ).action(simulateAndDeliver)

/** Options of what is simulated. */
const withScenario = (simulating: Command): Command =>
  simulating
    .option('--seed <n>', 'seed', wholeNumber('--seed', 0), 1)
    .option('--from <instant>', 'when the simulation begins', '2026-01-05T06:00:00Z')
    .option('--hours <h>', 'hours of arrivals; conversations in progress then run to their end', '4')
    .option('--queues <n>', 'queues', wholeNumber('--queues', 1), 5)
    .option('--agents <n>', 'agents', wholeNumber('--agents', 1), 40)
    .option(
      '--calls-per-hour <n>',
      'conversations in the busiest hour (default: what the agents can carry)',
      wholeNumber('--calls-per-hour', 1),
    )
    .addOption(
      new Option('--emit <what>', 'which events').choices(['metric-records', 'detail-events', 'both']).default('both'),
    )
    .addOption(
      new Option('--envelope <form>', 'in which envelopes')
        .choices(['eventbridge', 'notification', 'mixed'])
        .default('eventbridge'),
    )
    .option('--duplicates <share>', 'share delivered twice, in another envelope', share('--duplicates'), 0)
    .option('--reorder <share>', 'share delayed by up to two minutes', share('--reorder'), 0)
    .option('--late <share>', 'share delayed by up to --late-max-ms', share('--late'), 0)
    .option('--late-max-ms <ms>', 'longest delay', wholeNumber('--late-max-ms', 0), HOUR_MS)
    .option(
      '--acw-late <share>',
      'share of after-call work submitted up to --acw-late-max-ms later',
      share('--acw-late'),
      0,
    )
    .option(
      '--acw-late-max-ms <ms>',
      'longest delay of after-call work',
      wholeNumber('--acw-late-max-ms', 0),
      3 * HOUR_MS,
    )
    .option('--cut-at-end', 'emit nothing that happens after the end: conversations stay open')
    .option('--reconfigure', 'half-way, the first queue gets shorter service-level durations and a higher target')

/** Options of where the events go, and of what is written beside them. */
const withWriting = (simulating: Command): Command =>
  simulating
    .option('--out <file>', 'write NDJSON there (gzip if it ends in .gz); - is stdout')
    .option('--post <url>', 'post to this ingress instead')
    .option(
      '--token-file <file>',
      'with --post: file with the bearer token (default: ingress.token of the configuration)',
    )
    .option(
      '--token <token>',
      'deprecated, it is visible in the list of processes: STREAMVANE_INGRESS__TOKEN, --token-file',
    )
    .option('--rate <n>', 'with --post: events a second, 0 as fast as they are taken', wholeNumber('--rate', 0), 0)
    .option('--truth <file>', 'write what was simulated, as JSON: measures per interval, for comparison')
    .addOption(
      new Option('--truth-of <source>', 'with --truth: as which source can tell it')
        .choices(['metric-records', 'detail-events', 'conversation-details'])
        .default('metric-records'),
    )
    .option('--roster <file>', 'write the queues and agents with their names, as JSON')
    .option(
      '--config-out <file>',
      'write the queues as GET /api/v2/routing/queues returns them; with --reconfigure a second file has them after the change (queues.json, queues.2.json)',
    )
    .option(
      '--conversation-details <file>',
      'write the same conversations as the analytics API records them, one a line (gzip if it ends in .gz)',
    )

const simulateAndDeliver = async (flags: Flags): Promise<void> => {
  if ((flags.out === undefined) === (flags.post === undefined))
    throw new UsageError('say where the events go: --out FILE or --post URL')
  const config = await configOf(flags)
  const simulation = simulationOf(flags)
  await withContext('simulate', config, async ({ signal }) => {
    const bar = progressBar('simulate', Number(flags.hours) * HOUR_MS)
    const from = instantOf('--from', flags.from) as number
    function* lines(): Generator<string> {
      let count = 0
      for (const { deliverAtMs, line } of simulation) {
        if (++count % 1_000 === 0) bar.update(deliverAtMs - from, `${count} events`)
        yield line
      }
    }
    const count =
      flags.post === undefined
        ? await writeLines(flags.out as string, lines(), signal)
        : await postLines({
            url: flags.post,
            token: tokenOf(
              flags,
              flags.tokenFile === undefined ? config.ingress.token?.read() : undefined,
              console.warn,
            ),
            lines: lines(),
            rate: flags.rate,
            signal,
          })
    bar.stop()
    if (signal.aborted) return EXIT.differences
    await writeBeside(flags, simulation, signal)
    console.error(`${count} events`)
    return EXIT.ok
  })
}

type Simulation = ReturnType<typeof simulate>

/** Truth, configuration, conversations and roster, as far as they are asked for. */
const writeBeside = async (flags: Flags, simulation: Simulation, signal: AbortSignal): Promise<void> => {
  if (flags.truth !== undefined) await writeFile(flags.truth, `${JSON.stringify(simulation.truth(), null, 2)}\n`)
  if (flags.configOut !== undefined) await writeAnswers(flags.configOut, queueAnswers(simulation.roster))
  if (flags.conversationDetails !== undefined)
    await writeLines(flags.conversationDetails, jsonLines(simulation.details()), signal)
  if (flags.roster !== undefined) await writeFile(flags.roster, `${JSON.stringify(simulation.roster, null, 2)}\n`)
}

/** The simulator reports what is wrong with its options as a RangeError. */
const simulationOf = (flags: Flags): Simulation => {
  try {
    return simulate({
      seed: flags.seed,
      fromMs: instantOf('--from', flags.from) as number,
      hours: Number(flags.hours),
      queues: flags.queues,
      agents: flags.agents,
      ...(flags.callsPerHour === undefined ? {} : { callsPerHour: flags.callsPerHour }),
      emit: flags.emit,
      envelope: flags.envelope,
      duplicates: flags.duplicates,
      reorder: flags.reorder,
      lateness: { share: flags.late, maxMs: flags.lateMaxMs },
      acwLate: { share: flags.acwLate, maxMs: flags.acwLateMaxMs },
      cutAtEnd: flags.cutAtEnd === true,
      reconfigure: flags.reconfigure === true,
      truthOf: flags.truth === undefined ? [] : [flags.truthOf],
      details: flags.conversationDetails !== undefined,
    })
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(cause.message)
    throw cause
  }
}

/** The answers over time: the first in the file itself, the next with its number before the extension. */
const writeAnswers = async (file: string, answers: readonly object[]): Promise<void> => {
  const { dir, name, ext } = parse(file)
  for (const [index, answer] of answers.entries())
    await writeFile(
      index === 0 ? file : join(dir, `${name}.${index + 1}${ext}`),
      `${JSON.stringify(answer, null, 2)}\n`,
    )
}

function* jsonLines(records: Iterable<object>): Generator<string> {
  for (const record of records) yield JSON.stringify(record)
}

const CHUNK_CHARACTERS = 256 * 1024

const writeLines = async (file: string, lines: Iterable<string>, signal: AbortSignal): Promise<number> => {
  const target: WriteStream | NodeJS.WriteStream = file === '-' ? process.stdout : createWriteStream(file)
  const gzip = file.endsWith('.gz') ? createGzip({ level: 1 }) : undefined
  gzip?.pipe(target)
  const output = gzip ?? target
  let count = 0
  let chunk = ''
  const flush = async (): Promise<void> => {
    if (!output.write(chunk)) await once(output, 'drain')
    chunk = ''
  }
  for (const line of lines) {
    if (signal.aborted) break
    chunk += `${line}\n`
    count++
    if (chunk.length > CHUNK_CHARACTERS) await flush()
  }
  await flush()
  if (output === process.stdout) return count
  output.end()
  await finished(target)
  return count
}
