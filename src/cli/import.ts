import type { Command } from 'commander'
import { importFile, previewFile, sizeOf } from '../app/import.js'
import { addReceipts, emptyReceipt, type Receipt } from '../ingress/ingest.js'
import { command, configOf, withContext, type CommonFlags, type Context } from './common.js'
import { EXIT, UsageError } from './exit.js'
import { progressBar } from './progress.js'

type Flags = CommonFlags & Readonly<{ dryRun?: boolean; json?: boolean }>

export const importCommand = (): Command =>
  command('import', 'take events from files of NDJSON (plain or gzip) into the log; can be run again without counting anything twice', [
    'streamvane import events.ndjson.gz',
    'zcat events.ndjson.gz | streamvane import -',
    'streamvane import --dry-run events.ndjson | head',
  ])
    .argument('<file...>', 'files of one EventBridge or notification envelope a line; - is standard input')
    .option('--dry-run', 'say what each event would become and write nothing')
    .option('--json', 'the outcome (with --dry-run: each event) as JSON on stdout')
    .action(async (files: string[], flags: Flags) => {
      const config = configOf(flags)
      await mustBeThere(files)
      await withContext('import', config, (context) =>
        flags.dryRun === true ? preview(context, files, flags) : take(context, files, flags),
      )
    })

/** Told before anything is opened, so that a slip of the fingers leaves no trace. */
const mustBeThere = async (files: readonly string[]): Promise<void> => {
  for (const file of files)
    await sizeOf(file).catch((cause: unknown) => {
      throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`)
    })
}

const take = async ({ config, logs, signal }: Context, files: readonly string[], flags: Flags): Promise<number> => {
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
      onProgress: (bytes, { stored, duplicate, deadLettered }) =>
        bar.update(bytes, `${stored} stored, ${duplicate} duplicate, ${deadLettered} dead-lettered`),
    }).finally(() => bar.stop())
    total = addReceipts(total, receipt)
    if (signal.aborted) break
  }
  const { stored, duplicate, deadLettered, problems } = total
  if (flags.json === true) console.log(JSON.stringify({ stored, duplicate, deadLettered, problems }))
  else console.log(`${stored} stored, ${duplicate} duplicate, ${deadLettered} dead-lettered`)
  if (deadLettered > 0 && flags.json !== true)
    console.error(`${problems.map(({ reason, detail }) => `  ${reason}: ${detail}`).join('\n')}\nall of them: streamvane deadletter list`)
  if (signal.aborted) console.error('stopped before the end; run it again to take the rest (what is stored is not stored twice)')
  return signal.aborted ? EXIT.differences : EXIT.ok
}

const preview = async ({ config, signal }: Context, files: readonly string[], flags: Flags): Promise<number> => {
  let bad = 0
  for (const file of files)
    for await (const seen of previewFile(file, config.tenant, Date.now, signal)) {
      if ('deadLetter' in seen) bad++
      if (flags.json === true) console.log(JSON.stringify(seen))
      else if ('deadLetter' in seen) console.log(`${seen.line}: dead letter (${seen.deadLetter}): ${seen.detail}`)
      else
        console.log(
          `${seen.line}: ${seen.type} → ${seen.stream} (${seen.facts.length === 0 ? 'kept raw, no facts yet' : seen.facts.join(', ')})`,
        )
    }
  return bad > 0 ? EXIT.differences : EXIT.ok
}
