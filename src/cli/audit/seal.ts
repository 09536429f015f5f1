import { appendFileSync } from 'node:fs'
import type { Command } from 'commander'
import { acceptedKeysIn, signerKeyIn } from '../../app/config/audit-keys.js'
import { headJson } from '../../app/operations/audit/report-json.js'
import { seal } from '../../app/operations/audit/seal.js'
import { HistoryChanged } from '../../app/operations/audit/sealing.js'
import { findingJson, findingText } from '../../audit/finding.js'
import type { SignerKey } from '../../audit/note.js'
import type { SignedHead } from '../../audit/tree-head.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { treeProgress } from './tree-progress.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ restart?: string[]; quick?: boolean; out?: string; json?: boolean }>

export const sealCommand = (): Command =>
  withOperator(
    command('seal', 'compare history with what was signed, and sign heads for what came since', [
      'streamvane audit seal',
      'streamvane audit seal --out heads.txt            # to be kept where those who can write the log cannot',
      'streamvane audit seal --restart raw --why "restored the backup of Sunday"',
    ]),
  )
    .option('--quick', 'sign without comparing history with what was signed of it')
    .option('--out <file>', 'also append the notes of the new heads to a file')
    .option('--restart <tree...>', 'begin a tree again although history is not what was signed; needs --why')
    .option(...WAIT)
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const key = signerKeyIn(config.audit, process.env)
      if (key === undefined)
        throw new UsageError(
          'audit.key is not set: streamvane audit keygen makes a key, and audit: { key: { file: … } } names it',
        )
      if (flags.restart !== undefined && flags.why === undefined)
        throw new UsageError('--restart needs --why: the reason stays beside the heads')
      const operation = { operation: 'audit seal', details: { restart: flags.restart ?? [] } }
      await withContext(waiting('audit seal', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const done = await sealed(context, key, flags)
          if (flags.out !== undefined) appendFileSync(flags.out, done.heads.map((head) => `${head.note}\n`).join(''))
          note({ summary: { heads: done.heads.map(({ origin, size }) => `${origin} ${size}`) } })
          tell(done, flags.json === true)
          return done.changed === undefined ? EXIT.ok : EXIT.refused
        }),
      )
    })

type Sealed = Readonly<{ heads: readonly SignedHead[]; changed?: HistoryChanged }>

const sealed = async ({ config, logs, signal, logger }: Context, key: SignerKey, flags: Flags): Promise<Sealed> => {
  const { tenant, data, audit } = config
  const progress = treeProgress(logger)
  try {
    const heads = await seal({
      ...{ logs, tenant, data, key, accepted: acceptedKeysIn(audit, key), everyEvents: audit.everyEvents },
      ...{ isHistoryChecked: flags.quick !== true, onProgress: progress.at, signal, now: Date.now },
      ...{ restart: flags.restart ?? [], why: flags.why ?? '' },
    })
    return { heads }
  } catch (cause) {
    if (cause instanceof HistoryChanged) return { heads: [], changed: cause }
    throw cause
  } finally {
    progress.stop()
  }
}

const tell = ({ heads, changed }: Sealed, asJson: boolean): void => {
  if (changed !== undefined) console.error(changed.message)
  if (asJson)
    console.log(
      JSON.stringify({
        heads: heads.map((head) => ({ origin: head.origin, ...headJson(head) })),
        findings: changed?.findings.map(findingJson) ?? [],
      }),
    )
  else if (changed !== undefined) for (const finding of changed.findings) console.log(findingText(finding))
  else if (heads.length === 0) console.log('nothing came since the last heads')
  else for (const { note } of heads) console.log(note)
}
