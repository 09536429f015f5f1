import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { backfill, type BackfillReport } from '../../app/operations/genesys/backfill/backfill.js'
import {
  backfillName,
  chunkName,
  chunksOf,
  progressIn,
  readProgress,
} from '../../app/operations/genesys/backfill/progress.js'
import { genesysSettings } from '../../app/operations/genesys/genesys-settings.js'
import { genesysClientOf } from '../../app/operations/genesys/open-client.js'
import { genesysError } from '../../app/operations/genesys/failed.js'
import { ifThere } from '../../log/if-there.js'
import { LateCount, liveGeneration } from '../../app/operations/imports/late-count.js'
import type { EpochMs } from '../../domain/interval.js'
import { countsDetails } from '../../domain/profile.js'
import type { GenesysClient } from '../../genesys/client.js'
import { availableThrough, detailKinds } from '../../genesys/detail-jobs.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { instantOf } from '../command/option-values.js'
import { progressBar } from '../command/progress.js'
import { rawWriter } from '../command/raw-writer.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ from: string; to: string; dryRun?: boolean; json?: boolean }>

export const backfillCommand = (): Command =>
  withOperator(
    command(
      'backfill',
      'fetch conversations and the states of agents of a range from Genesys into the log, and go on where it broke off',
      [
        'streamvane genesys backfill --from 2026-01-01 --to 2026-03-01',
        'streamvane genesys backfill --from 2026-03-02T08:00:00Z --to 2026-03-02T10:00:00Z --why "the socket was down"',
        'streamvane genesys backfill --from 2026-01-01 --to 2026-03-01 --dry-run',
      ],
    ),
  )
    .requiredOption('--from <instant>', 'conversations that went on then or later')
    .requiredOption('--to <instant>', 'conversations that began before')
    .option(...WAIT)
    .option('--dry-run', 'say what would be fetched, and how far it has come; ask Genesys only for what it has')
    .option('--json', 'the outcome as JSON on stdout')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const settings = genesysSettings(config)
      const from = instantOf('--from', flags.from) as EpochMs
      const to = instantOf('--to', flags.to) as EpochMs
      if (from >= to) throw new UsageError(`--from ${flags.from} is not before --to ${flags.to}`)
      await withContext(waiting('genesys backfill', flags), config, async (context) => {
        const client = genesysClientOf(settings)
        try {
          await warnOfWhatIsNotCounted(context)
          await warnOfWhatIsNotThere(client, to, context.signal)
          if (flags.dryRun === true) return await dryRun(context, flags, from, to)
          const details = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
          return await recorded(context, flags, { operation: 'genesys backfill', details }, async (note) => {
            const { report, late } = await run(context, client, from, to)
            const { receipt, records, isStopped } = report
            note({ summary: { records, stored: receipt.stored, deadLettered: receipt.deadLettered } })
            tell(flags, report, late)
            return isStopped ? EXIT.differences : EXIT.ok
          })
        } finally {
          await client.close()
        }
      })
    })

const run = async (
  context: Context,
  client: GenesysClient,
  from: EpochMs,
  to: EpochMs,
): Promise<Readonly<{ report: BackfillReport; late: LateCount | undefined }>> => {
  const { config, logs, signal } = context
  const { tenant } = config
  const raw = await rawWriter(context)
  const generation = await liveGeneration(logs, tenant)
  const late = generation === undefined ? undefined : new LateCount(raw, tenant, generation)
  const chunks = chunksOf(from, to)
  const bar = progressBar('genesys backfill', chunks.length)
  try {
    const outcome = await backfill({
      ...{ client, raw, logs, tenant, from, to, ticks: true, late, signal },
      onProgress: (chunk, { pages, records, isDone }) =>
        bar.update(
          chunks.findIndex((each) => chunkName(each) === chunkName(chunk)) + (isDone ? 1 : 0),
          `${chunkName(chunk)}: ${records} records, ${pages} pages`,
        ),
    })
    if (E.isLeft(outcome)) throw genesysError(outcome.left)
    return { report: outcome.right, late }
  } finally {
    bar.stop()
  }
}

const tell = (flags: Flags, report: BackfillReport, late: LateCount | undefined): void => {
  const { receipt, records, jobs, isStopped } = report
  const { stored, duplicate, deadLettered, erased } = receipt
  if (flags.json === true)
    console.log(JSON.stringify({ records, jobs, stored, duplicate, deadLettered, erased, stopped: isStopped }))
  else
    console.log(
      `${records} records of ${jobs} jobs: ${stored} stored, ${duplicate} were there, ${deadLettered} dead letters, ${erased} erased`,
    )
  if (isStopped) console.error('stopped before the end; the same command goes on from here')
  if (late !== undefined && late.events > 0)
    console.error(
      `${late.events} records lie behind the late horizon of generation ${late.generation.name} and are not counted in it; streamvane rebuild --promote takes them in`,
    )
}

const dryRun = async (
  { config: { tenant }, logs }: Context,
  { json }: Flags,
  from: EpochMs,
  to: EpochMs,
): Promise<number> => {
  const control = await ifThere(() => logs.control('reader'))
  const progress = await readProgress(control, tenant, backfillName(from, to))
  for (const chunk of chunksOf(from, to)) {
    const { isDone, pages, records } = progressIn(progress, chunk)
    const state = isDone ? 'done' : pages > 0 ? 'begun' : 'to be fetched'
    if (json === true)
      console.log(JSON.stringify({ chunk: chunkName(chunk), state, pages, records, fetchedBefore: progress.isDone }))
    else
      console.log(
        `${chunkName(chunk)}: ${state}${progress.isDone ? ' again' : ''}${pages === 0 ? '' : `, ${pages} pages, ${records} records so far`}`,
      )
  }
  if (progress.isDone)
    console.error('the range was fetched before: the same command fetches it again and stores what has changed since')
  return EXIT.ok
}

const warnOfWhatIsNotCounted = async ({ config, logs }: Context): Promise<void> => {
  const points = (await liveGeneration(logs, config.tenant))?.profile.points ?? config.profile.points
  if (countsDetails(points)) return
  console.error(
    `points come from ${points}: the conversations are stored and counted by none of them; a profile with points: metric-records-and-details (beside metric records) or conversation-details, and streamvane rebuild --promote, count them`,
  )
}

const warnOfWhatIsNotThere = async (client: GenesysClient, to: EpochMs, signal: AbortSignal): Promise<void> => {
  for (const kind of detailKinds) {
    const available = await availableThrough(client, kind, signal)
    if (E.isLeft(available)) throw genesysError(available.left)
    if (available.right < to)
      console.error(
        `Genesys has the data of ${kind} only through ${new Date(available.right).toISOString()}; what is later may be missing`,
      )
  }
}
