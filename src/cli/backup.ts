import type { Command } from 'commander'
import { BackupRefused, type BackupManifest } from '../app/operations/backup/backup-manifest.js'
import { backup } from '../app/operations/backup/backup.js'
import type { Operation } from '../app/operations/journal/operation.js'
import { restore } from '../app/operations/backup/restore.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { recordedAfter, withOperator, type OperatorFlags } from './command/operator.js'
import { EXIT, UsageError } from './command/exit.js'
import { printTable } from './command/table.js'
import { progressBar, type Progress } from './command/progress.js'
import { summaries } from './command/summaries.js'
import { version } from './version.js'

type Flags = CommonFlags & OperatorFlags & Readonly<{ dryRun?: boolean; force?: boolean; json?: boolean }>

export const backupCommand = (): Command =>
  withOperator(
    command('backup', summaries.backup, [
      'streamvane backup /backups/2026-01-05',
      'streamvane backup --data ./data /mnt/b --json',
    ]),
  )
    .argument('<folder>', 'where the backup goes: a folder that is empty or does not exist, outside the data folder')
    .option('--json', 'the manifest as JSON on stdout')
    .action((to: string, flags: Flags) =>
      embedded('backup', flags, { to }, (context) => makeBackup(context, to, flags)),
    )

export const restoreCommand = (): Command =>
  withOperator(
    command('restore', summaries.restore, [
      'streamvane restore /backups/2026-01-05 --dry-run',
      'streamvane restore /backups/2026-01-05 --data ./restored',
    ]),
  )
    .argument('<folder>', 'the folder of a backup')
    .option('--dry-run', 'verify the backup and say what would be restored, and write nothing')
    .option('--force', 'restore into a data folder that is not empty; its log and snapshots are moved aside')
    .option('--json', 'the outcome as JSON on stdout')
    .action((from: string, flags: Flags) =>
      embedded('restore', flags, { from, force: flags.force }, (context) => restoreFrom(context, from, flags)),
    )

/**
 * A backup changes nothing in the log, and a restore puts another log in place: both are recorded once they are over, in
 * the log that is there then.
 */
const embedded = async (
  name: string,
  flags: Flags,
  details: Operation['details'],
  work: (context: Context) => Promise<number>,
): Promise<void> => {
  const config = await configOf(flags)
  if (config.log.kind === 'eventstoredb')
    throw new UsageError(
      `the log is on EventStoreDB: for a ${name} use the server's own means (see docs/eventstoredb.md). ` +
        'The data folder then holds only snapshots, which are made again.',
    )
  await withContext(name, config, async (context) => {
    try {
      return await recordedAfter(context, flags, { operation: name, details }, () => work(context))
    } catch (cause) {
      if (!(cause instanceof BackupRefused)) throw cause
      console.error(cause.message)
      return EXIT.refused
    }
  })
}

const makeBackup = async ({ config, signal }: Context, to: string, flags: Flags): Promise<number> => {
  let bar: Progress | undefined
  const began = Date.now()
  try {
    const outcome = await backup({
      data: config.data,
      to,
      version: version(),
      now: Date.now,
      signal,
      onProgress: ({ part, done, total }) => (bar ??= progressBar('backup', total)).update(done, part),
    })
    bar?.stop()
    if (outcome.kind === 'stopped') {
      console.error('stopped before the end; nothing is left of this backup')
      return EXIT.differences
    }
    if (flags.json === true) console.log(JSON.stringify({ outcome: 'made', to, ...outcome.manifest }))
    else {
      printParts(outcome.manifest)
      console.log(`made: ${to} from ${config.data} in ${((Date.now() - began) / 1_000).toFixed(1)} s`)
    }
    return EXIT.ok
  } finally {
    bar?.stop()
  }
}

const restoreFrom = async ({ config, signal }: Context, from: string, flags: Flags): Promise<number> => {
  let bar: Readonly<{ step: string; progress: Progress }> | undefined
  try {
    const { kind, manifest, replaced } = await restore({
      from,
      data: config.data,
      tenant: config.tenant,
      dryRun: flags.dryRun === true,
      force: flags.force === true,
      now: Date.now,
      signal,
      onProgress: ({ step, done, total }) => {
        if (bar?.step !== step) {
          bar?.progress.stop()
          bar = { step, progress: progressBar(step, total) }
        }
        bar.progress.update(done)
      },
    })
    bar?.progress.stop()
    if (flags.json === true)
      console.log(JSON.stringify({ outcome: kind, from, data: config.data, replaced, ...manifest }))
    else {
      printParts(manifest)
      console.log(`${kind}: ${from} of ${manifest.madeAt}${kind === 'restored' ? ` to ${config.data}` : ''}`)
    }
    if (replaced !== undefined) console.error(`the log and snapshots that were there lie in ${replaced}`)
    if (kind === 'stopped') console.error('stopped before the end; nothing was put in place')
    return kind === 'stopped' ? EXIT.differences : EXIT.ok
  } finally {
    bar?.progress.stop()
  }
}

const printParts = ({ parts }: BackupManifest): void =>
  printTable({
    columns: [
      ...[{ head: 'part' }, { head: 'bytes', align: 'right' as const }, { head: 'ends at', align: 'right' as const }],
      ...[
        { head: 'log id', narrow: 'cut' as const },
        { head: 'SHA-256', narrow: 'cut' as const },
      ],
    ],
    rows: parts.map(({ name, bytes, head, logId, sha256 }) => [
      ...[name, String(bytes), head ?? 'empty', logId ?? 'none', sha256.slice(0, 32)],
    ]),
  })
