import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { exportAudit } from '../../app/operations/audit/export-file.js'
import { type Exported } from '../../app/operations/audit/export.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { bytesText, countText } from '../command/figures.js'
import { rangeOf } from '../command/option-values.js'
import { acceptedKeys, KEY } from './keys.js'
import { unlessStopped } from './stopped.js'
import { treeProgress } from './tree-progress.js'

type Flags = CommonFlags &
  WaitFlags &
  Readonly<{ out: string; from?: string; to?: string; tree?: string[]; key?: string[]; json?: boolean }>

export const exportCommand = (): Command =>
  command('export', 'write what is signed to a file that auditors verify without the log', [
    'streamvane audit export --out acme.svaudit',
    'streamvane audit export --out /mnt/audit --from 2026-01-01 --to 2026-02-01',
    'streamvane audit export --out rows.svaudit --tree kpi-g3 --json',
  ])
    .requiredOption(
      '--out <file>',
      'the file, which must not exist yet; or a folder, where it is named for tenant and time',
    )
    .option('--from <instant>', 'from the last head that was signed before (default: from the beginning)')
    .option('--to <instant>', 'through the first head that was signed after (default: the last)')
    .option('--tree <name...>', 'only these of raw, control and kpi-<generation>')
    .option(...KEY)
    .option(...WAIT)
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const { tenant, data } = config
      const [range, keys] = [rangeOf(flags), acceptedKeys(config, flags.key)]
      const isFolder = existsSync(flags.out) && statSync(flags.out).isDirectory()
      const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
      const out = isFolder ? join(flags.out, `${tenant}-${stamp}.svaudit`) : flags.out
      if (existsSync(out)) throw new UsageError(`--out ${out} exists; an export is never overwritten`)
      await withContext(waiting('audit export', flags), config, ({ logs, signal, logger }) =>
        unlessStopped(signal, async () => {
          const progress = treeProgress(logger)
          const exported = await exportAudit({
            ...{ logs, tenant, data, keys, trees: flags.tree, ...range, out, signal, onProgress: progress.at },
          }).finally(progress.stop)
          if (flags.json === true) console.log(JSON.stringify({ file: out, ...exported }))
          else for (const line of linesOf(exported, out)) console.log(line)
          return EXIT.ok
        }),
      )
    })

const linesOf = ({ trees, bytes }: Exported, out: string): readonly string[] => [
  ...trees.map(({ tree, from, to, heads }) => `${tree}: leaves ${from} to ${to - 1} under ${heads} heads`),
  `${out}: ${countText(trees.reduce((sum, { leaves }) => sum + leaves, 0))} events, ${bytesText(bytes)}; verify it with: streamvane audit verify ${out} --key VKEY`,
]
