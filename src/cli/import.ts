import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { batchReader } from '../app/operations/imports/batch-reader.js'
import { detailsFile, importDetails } from '../app/operations/imports/import-details.js'
import type { Note } from '../app/operations/journal/journaled.js'
import type { Json } from '../app/operations/journal/operation.js'
import { LateCount, liveGeneration } from '../app/operations/imports/late-count.js'
import { importFile, previewFile, type Preview } from '../app/operations/imports/import-events.js'
import { countsDetails } from '../domain/profile.js'
import { printable, printableJson } from '../domain/printable.js'
import type { FileOptions } from '../ingress/files/file-source.js'
import { FileUnreadable, sizeOf } from '../ingress/files/input-file.js'
import { addReceipts, emptyReceipt, type Problem, type Receipt } from '../ingress/receipt.js'
import type { EventLog } from '../log/event-log.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { EXIT, UsageError, wordsOf } from './command/exit.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { wholeNumber } from './command/option-values.js'
import { progressBar } from './command/progress.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & WaitFlags & OperatorFlags & Readonly<{ dryRun?: boolean; json?: boolean; workers?: number }>

/** More do not help: the thread that stores has as much to do as a few that read. */
const WORKERS_DEFAULT_MAX = 4

export const importCommand = (): Command => {
  const events = withOperator(
    command('import', summaries.import, [
      'streamvane import events.ndjson.gz',
      'zcat events.ndjson.gz | streamvane import -',
      'streamvane import --dry-run events.ndjson | head',
      'streamvane import details conversations.json',
    ]),
  )
    .argument('<file...>', 'files of EventBridge events or notifications; - is standard input')
    .option(...WAIT)
    .option('--dry-run', 'say what each event would become and write nothing')
    .option('--json', 'the outcome (with --dry-run: each event) as JSON on stdout')
    .option(
      '--workers <n>',
      'threads that read events beside the one that stores them (default: one less than there are cores)',
      wholeNumber('--workers', 0),
    )
    .action(async (files: string[], flags: Flags) => {
      const config = await configOf(flags)
      await mustBeThere(files)
      await withContext(waiting('import', flags), config, (context) =>
        flags.dryRun === true
          ? preview(context, files, flags, (file) => ({ file }))
          : recorded(context, flags, { operation: 'import', details: { files } }, (note) =>
              importEvents(context, files, flags, note),
            ),
      )
    })
  return events.addCommand(detailsCommand())
}

const detailsCommand = (): Command =>
  withOperator(
    command(
      'details',
      'import conversations as the analytics API returns them (details query or job) into the log; running it again counts nothing twice',
      [
        'streamvane import details conversations.json',
        'streamvane import details job-*.json.gz',
        'streamvane import details --dry-run conversations.json | head',
      ],
    ),
  )
    .argument(
      '<file...>',
      'answers {"conversations": […]}, arrays or single records, several in a file or one a line; - is standard input',
    )
    .option(...WAIT)
    .option('--dry-run', 'say what each conversation would become and write nothing')
    .option('--json', 'the outcome (with --dry-run: each conversation) as JSON on stdout')
    // Options of `import` before the word `details` count as well.
    .action(async (files: string[], _: unknown, details: Command) => {
      const flags = details.optsWithGlobals<Flags>()
      const config = await configOf(flags)
      await mustBeThere(files)
      await withContext(waiting('import details', flags), config, (context) =>
        flags.dryRun === true
          ? preview(context, files, flags, detailsFile)
          : recorded(context, flags, { operation: 'import details', details: { files } }, (note) =>
              importConversations(context, files, flags, note),
            ),
      )
    })

/** Checked before anything is opened, so that a mistyped name leaves no trace. */
const mustBeThere = async (files: readonly string[]): Promise<void> => {
  for (const file of files)
    await sizeOf(file).catch((cause: unknown) => {
      throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`)
    })
}

const importEvents = async (context: Context, files: readonly string[], flags: Flags, note: Note): Promise<number> => {
  const { config, signal } = context
  const log = await rawWriter(context)
  const late = await lateCountOf(context, log, files)
  let total: Receipt = emptyReceipt
  const incomplete: Incomplete[] = []
  const reader = batchReader(flags.workers ?? Math.min(availableParallelism() - 1, WORKERS_DEFAULT_MAX))
  try {
    for (const file of files) {
      const bar = progressBar(file, await sizeOf(file))
      let ofFile = emptyReceipt
      const imported = await importFile({
        log,
        tenant: config.tenant,
        file,
        now: Date.now,
        signal,
        reader,
        late,
        onProgress: (bytes, soFar) => {
          ofFile = soFar
          bar.update(bytes, summaryOf(soFar))
        },
      })
        .finally(() => bar.stop())
        .catch((cause: unknown) => failed(cause, file, addReceipts(total, ofFile)))
      total = addReceipts(total, imported.receipt)
      if (imported.incomplete !== undefined) incomplete.push({ file, why: imported.incomplete })
      if (signal.aborted) break
    }
  } finally {
    await reader.close()
  }
  note({ summary: countsOf(total) })
  const code = reportImport(context, total, incomplete, flags)
  reportLate(late)
  return code
}

/**
 * Counts what the live generation will not take in. A log that cannot say whether there is one is away, or does not let
 * us in.
 */
const lateCountOf = async (
  { config: { tenant }, logs }: Context,
  log: EventLog,
  [file = '']: readonly string[],
): Promise<LateCount | undefined> => {
  try {
    await log.head()
    const live = await liveGeneration(logs, tenant)
    return live === undefined ? undefined : new LateCount(log, tenant, live)
  } catch (cause) {
    return failed(cause, file, emptyReceipt)
  }
}

/** Tells what the live generation will not count of what was just stored. */
const reportLate = (late: LateCount | undefined): void => {
  if (late !== undefined && late.events > 0)
    console.error(
      `${late.events} events lie behind the late horizon of generation ${late.generation.name} and are not counted in it; streamvane rebuild --promote takes them in`,
    )
}

const importConversations = async (
  context: Context,
  files: readonly string[],
  flags: Flags,
  note: Note,
): Promise<number> => {
  const { config, signal } = context
  if (!countsDetails(config.profile.points))
    console.error(
      `the profile counts points from ${config.profile.points}: these conversations are stored, and counted only by a profile with points: conversation-details or metric-records-and-details`,
    )
  const log = await rawWriter(context)
  const late = await lateCountOf(context, log, files)
  const sizes = new Map<string, number | undefined>()
  for (const file of files) sizes.set(file, await sizeOf(file))
  const before = (file: string): number =>
    files.slice(0, files.indexOf(file)).reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0)
  const isKnown = [...sizes.values()].every((size) => size !== undefined)
  const bar = progressBar(
    'import details',
    isKnown ? files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0) : undefined,
  )
  let [atFile, total] = [files[0] ?? '', emptyReceipt]
  const { receipt, incomplete } = await importDetails({
    log,
    tenant: config.tenant,
    files,
    now: Date.now,
    signal,
    late,
    onProgress: (file, bytes, soFar) => {
      ;[atFile, total] = [file, soFar]
      bar.update(before(file) + bytes, summaryOf(soFar))
    },
  })
    .finally(() => bar.stop())
    .catch((cause: unknown) => failed(cause, atFile, total))
  note({ summary: countsOf(receipt) })
  const code = reportImport(context, receipt, incomplete, flags)
  reportLate(late)
  return code
}

/** Says what was taken in before the failure, and throws it. */
const failed = (cause: unknown, file: string, before: Receipt): never => {
  const isFull = /ENOSPC|EDQUOT|No space left/.test(String(wordsOf(cause)))
  const remedy = isFull ? 'there is room on the disk of the data folder' : 'what follows is mended'
  console.error(
    `${file}: stopped; before that: ${summaryOf(before)}. Import it again when ${remedy}: nothing is stored twice`,
  )
  return asUsage(cause)
}

/** A file that cannot be read is a mistake of the caller, told in one line. */
const asUsage = (cause: unknown): never => {
  throw cause instanceof FileUnreadable ? new UsageError(cause.message, { cause }) : cause
}

const countsOf = ({ stored, duplicate, deadLettered, erased, unknownTopic }: Receipt): Json => ({
  ...{ stored, duplicate, deadLettered, erased, unknownTopic },
})

type Incomplete = Readonly<{ file: string; why: string }>

const summaryOf = ({ stored, duplicate, deadLettered, erased, unknownTopic, contradictory }: Receipt): string =>
  `${stored} stored, ${duplicate} duplicate, ${deadLettered} dead-lettered${erased > 0 ? `, ${erased} of what was erased and not kept` : ''}${unknownTopic > 0 ? `; ${unknownTopic} of unknown topics, kept raw` : ''}${contradictory > 0 ? `; ${contradictory} whose detail-type contradicts the topic name, stored by the topic name` : ''}`

/** Prints the outcome. The exit code is 5 if nothing could be used, or not all of the input was read. */
const reportImport = ({ signal }: Context, total: Receipt, incomplete: readonly Incomplete[], flags: Flags): number => {
  const { latest: _, ...counts } = total
  const { stored, duplicate, erased, deadLettered, contradictory, problems } = counts
  if (flags.json === true) console.log(printableJson(counts))
  else console.log(summaryOf(total))
  if (deadLettered + contradictory > 0 && flags.json !== true)
    console.error(
      `${problems.map(problemLine).join('\n')}${deadLettered > 0 ? '\nall dead letters: streamvane deadletter list' : ''}`,
    )
  for (const { file, why } of incomplete)
    console.error(
      `${file} is incomplete: ${why}. What it holds up to there was imported; import it again when it is whole`,
    )
  if (signal.aborted) console.error('stopped before the end; run it again to import the rest (nothing is stored twice)')
  const isUseless = deadLettered > 0 && stored + duplicate + erased === 0
  return signal.aborted || isUseless || incomplete.length > 0 ? EXIT.differences : EXIT.ok
}

const problemLine = ({ file, line, reason, detail }: Problem): string =>
  `  ${file ?? ''}:${line ?? ''}: ${reason}: ${printable(detail)}`

const preview = async (
  { config, signal }: Context,
  files: readonly string[],
  flags: Flags,
  optionsOf: (file: string) => FileOptions,
): Promise<number> => {
  let bad = 0
  for (const file of files) {
    const options: FileOptions = {
      ...optionsOf(file),
      onIncomplete: (why) => {
        bad++
        console.error(`${file} is incomplete: ${why}`)
      },
    }
    try {
      for await (const seen of previewFile(options, config.tenant, Date.now, signal)) {
        if ('deadLetter' in seen) bad++
        console.log(flags.json === true ? printableJson(seen) : previewLine(seen))
      }
    } catch (cause) {
      asUsage(cause)
    }
  }
  return bad > 0 ? EXIT.differences : EXIT.ok
}

const previewLine = (seen: Preview): string =>
  'deadLetter' in seen
    ? `${seen.line}: dead letter (${seen.deadLetter}): ${printable(seen.detail)}`
    : `${seen.line}: ${printable(seen.type)} → ${printable(seen.stream)} (${statedBy(seen)})`

const statedBy = ({ facts, known }: Readonly<{ facts: readonly string[]; known: boolean }>): string =>
  !known ? 'unknown topic, kept raw' : facts.length === 0 ? 'states nothing' : facts.join(', ')
