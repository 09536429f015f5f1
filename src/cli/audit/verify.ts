import type { Command } from 'commander'
import { verifyLog, type LogReport, type TreeReport } from '../../app/operations/audit/verify-log.js'
import { findingJson, findingText } from '../../audit/finding.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { acceptedKeys, KEY } from './keys.js'
import { treeProgress } from './tree-progress.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ key?: string[]; json?: boolean }>

export const verifyCommand = (): Command =>
  command('verify', 'compare an export, or the log itself, with the heads that were signed of it', [
    'streamvane audit verify                                     # the log itself',
  ])
    .option(...KEY)
    .option(...WAIT)
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => verifyTheLog(flags))

const verifyTheLog = async (flags: Flags): Promise<void> => {
  const config = configOf(flags)
  const keys = acceptedKeys(config, flags.key)
  await withContext(waiting('audit verify', flags), config, async ({ logs, signal, logger }) => {
    const progress = treeProgress(logger)
    const { tenant, data } = config
    const report = await verifyLog({ logs, tenant, data, keys, signal, onProgress: progress.at }).finally(progress.stop)
    if (flags.json === true) console.log(JSON.stringify(jsonOf(report)))
    else print(report)
    return report.findings.length > 0 ? EXIT.differences : EXIT.ok
  })
}

const print = ({ trees, findings }: LogReport): void => {
  for (const tree of trees) for (const line of linesOf(tree)) console.log(line)
  for (const finding of findings) console.log(`FOUND: ${findingText(finding)}`)
  if (trees.every(({ heads }) => heads === 0))
    console.log('no head was ever signed: streamvane audit seal signs the first')
  else if (findings.length === 0) console.log('the log is what was signed')
}

const linesOf = ({ tree, state, heads, last, leaves, unsigned, erasures }: TreeReport): readonly string[] => [
  last === undefined
    ? `${tree}: ${unsigned} events, of which nothing is signed`
    : state === 'retired'
      ? `${tree}: retired, as recorded; its last head is of ${last.size} leaves, ${last.at}`
      : `${tree}: ${state}; ${leaves} leaves under ${heads} heads, the last of ${last.at}; ${unsigned} events after it are not signed yet`,
  ...erasures.map((each) => `  ${each.stream}: ${each.leaves} events erased at ${each.at}, as recorded`),
]

const jsonOf = ({ trees, findings }: LogReport): unknown => ({
  whole: findings.length === 0,
  trees: trees.map(({ last, ...tree }) => ({
    ...tree,
    lastHead:
      last === undefined ? null : { size: last.size, at: last.at, through: String(last.through), note: last.note },
  })),
  findings: findings.map(findingJson),
})
