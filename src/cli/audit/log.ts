import { Option, type Command } from 'commander'
import { operationResults, type Json } from '../../app/operations/journal/operation.js'
import {
  readOperations,
  type OperationFilter,
  type OperationState,
  type RecordedOperation,
} from '../../app/operations/journal/read-operations.js'
import { ifThere } from '../../log/if-there.js'
import { zoneOf } from '../../app/config/profile/zones.js'
import type { Zone } from '../../domain/zone.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { secondText } from '../command/figures.js'
import { rangeOf, wholeNumber } from '../command/option-values.js'
import { showPublications, type PublicationFlags } from './publications.js'
import { printTable } from '../command/table.js'

type Flags = CommonFlags &
  PublicationFlags &
  Readonly<{
    operation?: string
    by?: string
    result?: OperationState
    zone?: string
  }>

export const auditLogCommand = (): Command =>
  command(
    'log',
    'list what operators did (who, what, when, why, and how it ended), or what was published: which rows, and where they lie',
    [
      'streamvane audit log --last 20',
      'streamvane audit log --operation clock --by ana --from 2026-01-05',
      'streamvane audit log --result unknown --json',
      'streamvane audit log --publications --last 20',
      "streamvane audit log --row 'queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z' --revision 4",
    ],
  )
    .option('--operation <name>', 'only this operation, or those of a group: clock, deadletter, …')
    .option('--by <name>', 'only of this operator')
    .addOption(
      new Option(
        '--result <result>',
        'only those that ended so; unknown: its process died before the end was recorded',
      ).choices([...operationResults, 'running', 'unknown']),
    )
    .option('--from <instant>', 'only what began then or later')
    .option('--to <instant>', 'only what began before')
    .option('--publications', 'what was published instead: events of the KPI log, topics, partitions and offsets')
    .option('--row <key>', 'where this row was published')
    .option('--revision <n>', 'with --row: only this revision of it', wholeNumber('--revision', 0))
    .option('--generation <name>', 'publications of this generation (with --row: default the live one)')
    .option('--sink <names...>', 'publications by these sinks (default: those of the configuration, and their replays)')
    .option('--last <n>', 'only the last so many', wholeNumber('--last', 1))
    .option('--zone <name>', 'time zone of the table (default: UTC)')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const local = zoneOf(flags.zone ?? 'UTC')
      const { operation, by, result } = flags
      if (flags.revision !== undefined && flags.row === undefined)
        throw new UsageError('--revision says of which row: give --row too')
      const filter: OperationFilter = { operation, by, result, ...rangeOf(flags) }
      await withContext('audit log', config, async (context) => {
        if (flags.publications === true || flags.row !== undefined) return showPublications(context, flags, local)
        const { logs } = context
        const control = await ifThere(() => logs.control('reader'))
        const found = control === undefined ? [] : await readOperations(control, config.tenant, filter)
        const shown = flags.last === undefined ? found : found.slice(-flags.last)
        if (flags.json === true) for (const each of shown) console.log(JSON.stringify(each))
        else if (shown.length === 0) console.log('no operation is recorded that the options let pass')
        else printOperations(shown, local)
        return EXIT.ok
      })
    })

const printOperations = (operations: readonly RecordedOperation[], local: Zone): void =>
  printTable(
    {
      columns: [
        { head: 'began' },
        { head: 'by', narrow: 'cut', rank: 2 },
        { head: 'operation' },
        { head: 'result', narrow: 'wrap', min: 7 },
        { head: 'why', narrow: 'wrap', rank: 1 },
        { head: 'on what, and what came of it', narrow: 'wrap', rank: 3, min: 20 },
      ],
      rows: operations.map((each) => [
        secondText(Date.parse(each.began), local),
        each.by,
        each.operation,
        resultText(each),
        each.why ?? '',
        [each.details, each.summary].flatMap((said) => (said === undefined ? [] : shortText(said))).join(' → '),
      ]),
    },
    '--json has all',
  )

const resultText = ({ result, process }: RecordedOperation): string =>
  result === 'unknown' ? `unknown (process ${process.pid} on ${process.host} died)` : result

/** JSON without its punctuation, as far as one cell takes it. */
const shortText = (said: Json | undefined): string => {
  if (typeof said !== 'object' || said === null) return String(said)
  const parts = Array.isArray(said)
    ? said.map(shortText)
    : Object.entries(said).flatMap(([key, value]) => (value === undefined ? [] : `${key} ${shortText(value)}`))
  return parts.join(', ').slice(0, TEXT_MAX)
}

const TEXT_MAX = 300
