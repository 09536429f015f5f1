import { existsSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import { copyLog, type CopyOutcome, type CopyProgress } from '../app/log-copy/copy.js'
import { logEncryptionIn } from '../app/config/log-encryption.js'
import { withoutCredentials } from '../app/config/secrets/secrets.js'
import { keysCommand, rekeyCommand } from './log-keys.js'
import { policyCommand } from './log-policy.js'
import { CopyRefused } from '../app/log-copy/append.js'
import { embeddedLogs, type Logs } from '../app/pipeline/logs/logs.js'
import type { Note } from '../app/operations/journal/journaled.js'
import { eventStoreDbLogs } from '../app/pipeline/logs/eventstoredb-logs.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { wholeNumber } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { printTable } from './command/table.js'
import { progressBar, type Progress } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  OperatorFlags &
  WaitFlags &
  Readonly<{ from: string; to: string; inFlight: number; dryRun?: boolean; json?: boolean }>

/** The place of a log. `name` is printed and contains no secrets. */
type Place =
  | Readonly<{ kind: 'folder'; name: string; dir: string }>
  | Readonly<{ kind: 'server'; name: string; connectionString: string }>

/** Pending appends of raw events. */
const IN_FLIGHT = 256

export const logCommand = (): Command => {
  const group = commandGroup('log', summaries.log)
  group.addCommand(
    withOperator(
      command(
        'copy',
        'copy the log of a tenant to another place; can be cut short and run again, and is verified at the end',
        [
          'streamvane log copy --from embedded:./data --to esdb://localhost:2113?tls=true',
          'streamvane log copy --from esdb://localhost:2113?tls=true --to embedded:./elsewhere --dry-run',
        ],
      ),
    )
      .requiredOption('--from <place>', 'embedded:<data folder>, or esdb://… (name, password and TLS as configured)')
      .requiredOption('--to <place>', 'likewise; it may hold nothing of this tenant, but what an earlier copy has left')
      .option(
        '--in-flight <n>',
        'appends that the target is sent before it has answered the first',
        wholeNumber('--in-flight', 1),
        IN_FLIGHT,
      )
      .option(...WAIT)
      .option('--dry-run', 'say how much there is to copy, and write nothing')
      .option('--json', 'the outcome as JSON on stdout')
      .action(async (flags: Flags) => {
        const [from, to] = [placeOf('--from', flags.from), placeOf('--to', flags.to)]
        if (from.name === to.name) throw new UsageError(`--from and --to are both ${from.name}`)
        await withContext('log copy', await configOf(flags, { log: { kind: 'embedded' } }), (context) =>
          flags.dryRun === true ? copy(context, from, to, flags) : recordedCopy(context, from, to, flags),
        )
      }),
  )
  group.addCommand(policyCommand())
  group.addCommand(keysCommand())
  group.addCommand(rekeyCommand())
  return group
}

const placeOf = (flag: string, text: string): Place => {
  if (/^(esdb|kurrentdb)(\+discover)?:\/\/./i.test(text))
    return { kind: 'server', name: withoutCredentials(text), connectionString: text }
  const dir = /^embedded:(.+)$/.exec(text)?.[1]
  if (dir === undefined)
    throw new UsageError(
      `${flag} ${text} is no place of a log; write embedded:<data folder> or esdb://host:2113?tls=true`,
    )
  return { kind: 'folder', name: `embedded:${resolve(dir)}`, dir }
}

/** A folder that holds more tenants, as those of earlier versions may, is a source for each of them. */
const logsAt = async (place: Place, flags: Flags, logger: Logger, patience?: Patience): Promise<Logs> => {
  const owner = 'streamvane log copy'
  if (place.kind === 'folder') {
    const { tenant, log } = await configOf(flags, { log: { kind: 'embedded' } })
    return embeddedLogs(place.dir, owner, patience === undefined ? undefined : tenant, logEncryptionIn(log, place.dir))
  }
  const { connectionString } = place
  return eventStoreDbLogs(
    await configOf(flags, { log: { kind: 'eventstoredb', eventstoredb: { connectionString } } }),
    owner,
    logger,
    patience,
  )
}

type Patience = Readonly<{ waitMs: number; signal: AbortSignal }>

/** Records the copy in the journal of the log that it writes to. A source that is not there leaves no trace there. */
const recordedCopy = async (context: Context, from: Place, to: Place, flags: Flags): Promise<number> => {
  const { logger, signal } = context
  const source = await logsAt(from, flags, logger)
  await source.raw('reader').finally(() => source.close())
  const logs = await logsAt(to, flags, logger, { waitMs: waiting('log copy', flags).waitSeconds * 1_000, signal })
  const operation = { operation: 'log copy', details: { from: from.name, to: to.name } }
  try {
    return await recorded({ ...context, logs }, flags, operation, (note) => copy(context, from, to, flags, note))
  } finally {
    await logs.close()
  }
}

const copy = async (
  { config, logger, signal }: Context,
  from: Place,
  to: Place,
  flags: Flags,
  note?: Note,
): Promise<number> => {
  const source = await logsAt(from, flags, logger)
  const target = await logsAt(to, flags, logger)
  const bars = phases()
  const began = Date.now()
  try {
    const outcome = await copyLog({
      from: source,
      to: target,
      tenant: config.tenant,
      dryRun: flags.dryRun === true,
      inFlight: flags.inFlight,
      waitMs: waiting('log copy', flags).waitSeconds * 1_000,
      signal,
      logger,
      onProgress: bars.at,
    })
    bars.stop()
    const { kind, copied, differences } = outcome
    note?.({ summary: { outcome: kind, ...copied, differences: differences.length } })
    const snapshots =
      outcome.kind === 'copied' ? staleSnapshots(to, config.data, config.tenant, outcome.generations) : []
    tell(
      outcome,
      { tenant: config.tenant, from: from.name, to: to.name, seconds: (Date.now() - began) / 1_000 },
      flags.json === true,
    )
    for (const file of snapshots)
      console.error(
        `remove ${file} before a projector runs on ${to.name} with this data folder: it was made for another log`,
      )
    return outcome.kind === 'stopped' || outcome.differences.length > 0 ? EXIT.differences : EXIT.ok
  } catch (cause) {
    if (!(cause instanceof CopyRefused)) throw cause
    bars.stop()
    console.error(cause.message)
    return EXIT.refused
  } finally {
    bars.stop()
    await target.close()
    await source.close()
  }
}

/** One progress bar for each phase. */
const phases = (): Readonly<{ at: (progress: CopyProgress) => void; stop: () => void }> => {
  let current: Readonly<{ phase: string; bar: Progress }> | undefined
  const stop = (): void => {
    current?.bar.stop()
    current = undefined
  }
  return {
    at: ({ phase, done, total }) => {
      if (current?.phase !== phase) {
        stop()
        current = { phase, bar: progressBar(phase, total) }
      }
      current.bar.update(done)
    },
    stop,
  }
}

/**
 * Snapshots contain positions of the log that they were made for. Those in a target's folder are from before the copy;
 * they are removed, which is safe because the copy holds the lock of every generation. Those in the data folder of a
 * process that continues with a server may be in use, so they are only named.
 */
const staleSnapshots = (to: Place, data: string, tenant: string, generations: readonly string[]): readonly string[] => {
  const files = generations
    .flatMap((name) => [`${tenant}.${name}`, `${tenant}.${name}-lock`])
    .map((name) => join(to.kind === 'folder' ? to.dir : data, 'state', name))
    .filter((file) => existsSync(file))
  if (to.kind === 'server') return files
  for (const file of files) rmSync(file, { recursive: true, force: true })
  return []
}

type About = Readonly<{ tenant: string; from: string; to: string; seconds: number }>

const tell = (outcome: CopyOutcome, about: About, asJson: boolean): void => {
  const { kind, copied, before, differences, digests, sourceGrew } = outcome
  if (asJson)
    console.log(JSON.stringify({ outcome: kind, ...about, ...copied, before, sourceGrew, digests, differences }))
  else {
    if (digests.length > 0) {
      printTable({
        columns: [
          { head: 'verified', narrow: 'cut', min: 20 },
          { head: 'events', align: 'right' },
          { head: 'SHA-256', narrow: 'cut' },
          { head: '' },
        ],
        rows: digests.map(({ what, events, source, target }) => [
          ...[what, String(events), target.slice(0, 32)],
          source === target ? 'same' : { text: 'DIFFERENT', style: 'red' as const },
        ]),
      })
    }
    const { streams, events, bytes } = copied
    const there = before.events > 0 ? `; ${before.events} events were there before` : ''
    console.log(
      `${kind}: ${streams} streams, ${events} events, ${bytes} bytes in ${about.seconds.toFixed(1)} s${there}`,
    )
  }
  for (const { stream, revision, what } of differences)
    console.error(`DIFFERENT: ${stream}${revision === undefined ? '' : ` at revision ${revision}`} ${what}`)
  if (kind === 'stopped') console.error('stopped before the end; run it again, it goes on')
  else if (sourceGrew)
    console.error(
      'the source was written to meanwhile: what came since is not in the copy; run it again to bring the rest',
    )
}
