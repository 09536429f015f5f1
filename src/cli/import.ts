import type { Command } from 'commander'
import { importDetails, previewDetails } from '../app/operations/import-details.js'
import { importFile, previewFile, type Preview } from '../app/operations/import-events.js'
import { sizeOf } from '../ingress/input-file.js'
import { addReceipts, emptyReceipt, type Receipt } from '../ingress/receipt.js'
import { command, type CommonFlags } from './command.js'
import { configOf, withContext, type Context } from './context.js'
import { EXIT, UsageError } from './exit.js'
import { progressBar } from './progress.js'
import { summaries } from './summaries.js'

type Flags = CommonFlags & Readonly<{ dryRun?: boolean; json?: boolean }>

export const importCommand = (): Command => {
  const events = command('import', summaries.import, [
    'streamvane import events.ndjson.gz',
    'zcat events.ndjson.gz | streamvane import -',
    'streamvane import --dry-run events.ndjson | head',
    'streamvane import details conversations.json',
  ])
    .argument('<file...>', 'files of one EventBridge or notification envelope a line; - is standard input')
    .option('--dry-run', 'say what each event would become and write nothing')
    .option('--json', 'the outcome (with --dry-run: each event) as JSON on stdout')
    .action(async (files: string[], flags: Flags) => {
      const config = configOf(flags)
      await mustBeThere(files)
      await withContext('import', config, (context) =>
        flags.dryRun === true ? preview(context, files, flags, previewFile) : takeEvents(context, files, flags),
      )
    })
  return events.addCommand(detailsCommand())
}

const detailsCommand = (): Command =>
  command(
    'details',
    'take conversations as the analytics API returns them (details query or job) into the log; can be run again without counting anything twice',
    [
      'streamvane import details conversations.json',
      'streamvane import details job-*.json.gz',
      'streamvane import details --dry-run conversations.json | head',
    ],
  )
    .argument(
      '<file...>',
      'answers {"conversations": […]}, arrays or single records, several in a file or one a line; - is standard input',
    )
    .option('--dry-run', 'say what each conversation would become and write nothing')
    .option('--json', 'the outcome (with --dry-run: each conversation) as JSON on stdout')
    // Options of `import` before the word `details` count as well.
    .action(async (files: string[], _: unknown, details: Command) => {
      const flags = details.optsWithGlobals<Flags>()
      const config = configOf(flags)
      await mustBeThere(files)
      await withContext('import details', config, (context) =>
        flags.dryRun === true ? preview(context, files, flags, previewDetails) : takeDetails(context, files, flags),
      )
    })

/** Told before anything is opened, so that a slip of the fingers leaves no trace. */
const mustBeThere = async (files: readonly string[]): Promise<void> => {
  for (const file of files)
    await sizeOf(file).catch((cause: unknown) => {
      throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`)
    })
}

const takeEvents = async (context: Context, files: readonly string[], flags: Flags): Promise<number> => {
  const { config, logs, signal } = context
  const log = await logs.raw('writer')
  let total: Receipt = emptyReceipt
  for (const file of files) {
    const bar = progressBar(file, await sizeOf(file))
    const receipt = await importFile({
      log,
      tenant: config.tenant,
      file,
      now: Date.now,
      signal,
      onProgress: (bytes, soFar) => bar.update(bytes, summaryOf(soFar)),
    }).finally(() => bar.stop())
    total = addReceipts(total, receipt)
    if (signal.aborted) break
  }
  return told(context, total, flags)
}

const takeDetails = async (context: Context, files: readonly string[], flags: Flags): Promise<number> => {
  const { config, logs, signal } = context
  if (config.profile.points !== 'conversation-details')
    console.error(
      `the profile counts points from ${config.profile.points}: these conversations are kept, and counted only by a profile with points: conversation-details`,
    )
  const log = await logs.raw('writer')
  const sizes = new Map<string, number | undefined>()
  for (const file of files) sizes.set(file, await sizeOf(file))
  const before = (file: string): number =>
    files.slice(0, files.indexOf(file)).reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0)
  const isKnown = [...sizes.values()].every((size) => size !== undefined)
  const bar = progressBar(
    'import details',
    isKnown ? files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0) : undefined,
  )
  const { receipt, brokenOff } = await importDetails({
    log,
    tenant: config.tenant,
    files,
    now: Date.now,
    signal,
    onProgress: (file, bytes, soFar) => bar.update(before(file) + bytes, summaryOf(soFar)),
  }).finally(() => bar.stop())
  const code = told(context, receipt, flags)
  for (const file of brokenOff)
    console.error(
      `${file} ends before its last bracket is closed: it broke off. What it holds was taken in; import it again when it is whole`,
    )
  return brokenOff.length > 0 ? EXIT.differences : code
}

const summaryOf = ({ stored, duplicate, deadLettered, erased, unknownTopic, contradictory }: Receipt): string =>
  `${stored} stored, ${duplicate} duplicate, ${deadLettered} dead-lettered${erased > 0 ? `, ${erased} of what was erased and not kept` : ''}${unknownTopic > 0 ? `; ${unknownTopic} of unknown topics, kept raw` : ''}${contradictory > 0 ? `; ${contradictory} whose detail-type contradicts the topic name, stored by the topic name` : ''}`

/** Says what became of everything, and ends with the code for it. */
const told = ({ signal }: Context, total: Receipt, flags: Flags): number => {
  const { latest: _, ...counts } = total
  const { deadLettered, contradictory, problems } = counts
  if (flags.json === true) console.log(JSON.stringify(counts))
  else console.log(summaryOf(total))
  if (deadLettered + contradictory > 0 && flags.json !== true)
    console.error(
      `${problems.map(({ reason, detail }) => `  ${reason}: ${detail}`).join('\n')}\nall of them: streamvane deadletter list`,
    )
  if (signal.aborted)
    console.error('stopped before the end; run it again to take the rest (what is stored is not stored twice)')
  return signal.aborted ? EXIT.differences : EXIT.ok
}

type PreviewOf = (file: string, tenant: string, now: () => number, signal: AbortSignal) => AsyncIterable<Preview>

const preview = async (
  { config, signal }: Context,
  files: readonly string[],
  flags: Flags,
  previewed: PreviewOf,
): Promise<number> => {
  let bad = 0
  for (const file of files)
    for await (const seen of previewed(file, config.tenant, Date.now, signal)) {
      if ('deadLetter' in seen) bad++
      if (flags.json === true) console.log(JSON.stringify(seen))
      else if ('deadLetter' in seen) console.log(`${seen.line}: dead letter (${seen.deadLetter}): ${seen.detail}`)
      else console.log(`${seen.line}: ${seen.type} → ${seen.stream} (${statedBy(seen)})`)
    }
  return bad > 0 ? EXIT.differences : EXIT.ok
}

const statedBy = ({ facts, known }: Readonly<{ facts: readonly string[]; known: boolean }>): string =>
  !known ? 'unknown topic, kept raw' : facts.length === 0 ? 'states nothing' : facts.join(', ')
