import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { eventSubject, proveConsistency, proveEvent, type Subject } from '../../app/operations/audit/prove.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { wholeNumber } from '../command/option-values.js'
import { acceptedKeys, KEY } from './keys.js'

type Flags = CommonFlags &
  WaitFlags &
  Readonly<{
    row?: string
    revision?: number
    generation?: string
    event?: string
    tree: string
    consistency?: string
    key?: string[]
    out?: string
  }>

export const proveCommand = (): Command =>
  command('prove', 'make a proof that one row or raw event is under a signed head, or that one head contains another', [
    'streamvane audit prove --row queue/9b1d…/voice/-/-/PT15M/2026-01-05T10:00:00.000Z --revision 3 --out row.tlog-proof',
    'streamvane audit prove --event 184467 --out event.tlog-proof',
    'streamvane audit prove --event acme.07.conversation-9d0c…@4',
    'streamvane audit prove --consistency 1200 --tree raw',
  ])
    .option('--row <key>', 'the key of a row, as rows --json prints it')
    .option('--revision <n>', 'the revision of the row', wholeNumber('--revision', 1))
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--event <place>', 'position, stream@revision or id of an event (an id is looked for in all of the tree)')
    .option('--tree <name>', 'the tree of the event: raw, control or kpi-<generation>', 'raw')
    .option(
      '--consistency <size[:size]>',
      'that the head of the first size is contained in that of the second (default: the last)',
    )
    .option('--out <file>', 'where the proof goes (default: stdout)')
    .option(...KEY)
    .option(...WAIT)
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const [subject, sizes] = [subjectOf(flags), sizesOf(flags.consistency)]
      if ((subject === undefined) === (sizes === undefined))
        throw new UsageError('say one of --row with --revision, --event and --consistency')
      const keys = acceptedKeys(config, flags.key)
      await withContext(waiting('audit prove', flags), config, async ({ logs, signal }) => {
        const options = { logs, tenant: config.tenant, data: config.data, keys, signal }
        const proof =
          subject === undefined
            ? await proveConsistency(options, { tree: flags.tree, from: sizes![0], to: sizes![1] })
            : await proveEvent(options, subject)
        if (flags.out === undefined) process.stdout.write(proof)
        else writeFileSync(flags.out, proof)
        return EXIT.ok
      })
    })

const subjectOf = ({ row, revision, generation, event, tree }: Flags): Subject | undefined => {
  if (row !== undefined) {
    if (revision === undefined || event !== undefined)
      throw new UsageError('--row goes with --revision, and without --event')
    return { kind: 'row', key: row, revision, generation }
  }
  return event === undefined ? undefined : eventSubject(event, tree)
}

const sizesOf = (text: string | undefined): readonly [number, number | undefined] | undefined => {
  if (text === undefined) return undefined
  const [, from, to] = /^([1-9]\d*)(?::([1-9]\d*))?$/.exec(text) ?? []
  if (from === undefined) throw new UsageError(`--consistency ${text}: write the sizes of two heads, as 1200:3400`)
  return [Number(from), to === undefined ? undefined : Number(to)]
}
