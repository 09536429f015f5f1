import { readFileSync, statSync } from 'node:fs'
import { Argument, type Command } from 'commander'
import { verifyExport } from '../../app/operations/audit/verify-export.js'
import { verifyLog } from '../../app/operations/audit/verify-log.js'
import { verifyProof } from '../../app/operations/audit/verify-proof.js'
import { parseHead, type SignedHead } from '../../audit/tree-head.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { progressBar } from '../command/progress.js'
import { acceptedKeys, KEY, verifierKeysOf } from './keys.js'
import { unlessStopped } from './stopped.js'
import { treeProgress } from './tree-progress.js'
import { printExport, printLog, printProof } from './verify-text.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ key?: string[]; proof?: string; head?: string[]; json?: boolean }>

export const verifyCommand = (): Command =>
  command('verify', 'compare an export, or the log itself, with the heads that were signed of it', [
    'streamvane audit verify acme.svaudit --key acme.example/streamvane+6e95d0c9+AYxX…    # needs nothing else',
    'streamvane audit verify acme.svaudit --key vkey.txt --head kept-head.txt',
    'streamvane audit verify --proof row.tlog-proof --key vkey.txt',
    'streamvane audit verify                                                              # the log itself',
  ])
    .addArgument(new Argument('[export]', 'a file that audit export wrote; without it the log is compared'))
    .option(...KEY)
    .option('--proof <file>', 'check a proof that audit prove made')
    .option('--head <file...>', 'a head that was kept elsewhere: the export must contain what it speaks of')
    .option(...WAIT)
    .option('--json', 'one JSON object')
    .action(async (file: string | undefined, flags: Flags) => {
      if (file !== undefined && flags.proof !== undefined) throw new UsageError('say either an export or --proof')
      if (flags.proof !== undefined) return verifyTheProof(flags.proof, flags)
      return file === undefined ? verifyTheLog(flags) : verifyTheExport(file, flags)
    })

/** Whoever has only a file has no configuration either. */
const keysOf = ({ key }: Flags): ReturnType<typeof verifierKeysOf> => {
  if (key === undefined)
    throw new UsageError('--key says whose signatures count: the verifier key that audit keygen printed')
  return verifierKeysOf(key)
}

const verifyTheProof = (file: string, flags: Flags): void => {
  const report = verifyProof(textOf('--proof', file), keysOf(flags))
  if (flags.json === true) console.log(JSON.stringify({ holds: report.fault === null, ...report }))
  else printProof(report)
  process.exitCode = report.fault === null ? EXIT.ok : EXIT.differences
}

const verifyTheExport = async (path: string, flags: Flags): Promise<void> => {
  const [keys, held] = [keysOf(flags), (flags.head ?? []).map(headIn)]
  const bar = progressBar('verify', sizeOf(path), { unit: 'bytes' })
  const { signal } = new AbortController()
  const report = await verifyExport({ path, keys, held, signal, onProgress: bar.update }).finally(bar.stop)
  printExport(report, flags.json === true)
  process.exitCode = report.findings.length > 0 ? EXIT.differences : EXIT.ok
}

const verifyTheLog = async (flags: Flags): Promise<void> => {
  if (flags.head !== undefined) throw new UsageError('--head goes with an export')
  const config = await configOf(flags)
  const keys = acceptedKeys(config, flags.key)
  await withContext(waiting('audit verify', flags), config, ({ logs, signal, logger }) =>
    unlessStopped(signal, async () => {
      const progress = treeProgress(logger)
      const { tenant, data } = config
      const report = await verifyLog({ logs, tenant, data, keys, signal, onProgress: progress.at }).finally(
        progress.stop,
      )
      printLog(report, flags.json === true)
      return report.findings.length > 0 ? EXIT.differences : EXIT.ok
    }),
  )
}

const headIn = (file: string): SignedHead => {
  const head = parseHead(textOf('--head', file))
  if (head === undefined)
    throw new UsageError(`--head ${file} is no head, as audit seal prints them: one note in a file`)
  return head
}

const textOf = (flag: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`${flag}: ${(cause as Error).message}`)
  }
}

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size
  } catch (cause) {
    throw new UsageError(`there is no export: ${(cause as Error).message}`)
  }
}
