import { topicsIn } from '../../app/config/sinks/egress-schema.js'
import { sinkSettings } from '../../app/config/sinks/egress-sinks.js'
import { REPLAY } from '../../app/sinks/sink-kind.js'
import {
  publicationsOfRow,
  readPublications,
  type RowPublication,
  type SinkPublication,
} from '../../app/operations/publications/read-publications.js'
import type { OffsetRange } from '../../egress/sink.js'
import type { Zone } from '../../domain/zone.js'
import type { Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { secondText } from '../command/figures.js'
import { rangeOf } from '../command/option-values.js'
import { printTable } from '../command/table.js'

/** Options of `audit log` that are about publications. */
export type PublicationFlags = Readonly<{
  publications?: boolean
  sink?: readonly string[]
  generation?: string
  row?: string
  revision?: number
  from?: string
  to?: string
  last?: number
  json?: boolean
}>

/** Lists publications, or says where one row was published. Returns the exit code. */
export const showPublications = async (
  { config, logs }: Context,
  flags: PublicationFlags,
  local: Zone,
): Promise<number> => {
  const { row: key, revision, generation } = flags
  const { tenant } = config
  const configured = sinkSettings(config.egress).map(({ name }) => name)
  const replays = configured.map((name) => (name === 'kafka' ? REPLAY : `${name}.${REPLAY}`))
  const sinks = flags.sink ?? [...configured, ...replays]
  if (key !== undefined) {
    const topics = topicsIn(config.egress.kafka)
    const found = await publicationsOfRow(logs, tenant, sinks, { key, revision, generation, topics })
    if (found.length === 0) throw new UsageError('the KPI log holds no such row; `streamvane rows --json` prints keys')
    for (const each of found)
      if (flags.json === true) console.log(JSON.stringify(each))
      else for (const line of rowLines(each, local)) console.log(line)
    return EXIT.ok
  }
  const shown = new LastOf<SinkPublication>(flags.last)
  for await (const each of readPublications(logs, tenant, sinks, { ...rangeOf(flags), generation }))
    if (flags.json === true && flags.last === undefined) console.log(JSON.stringify(each))
    else shown.add(each)
  if (flags.json === true) for (const each of shown.items) console.log(JSON.stringify(each))
  else if (shown.items.length === 0) console.log('no publication is recorded that the options let pass')
  else printPublications(shown.items, local)
  return EXIT.ok
}

/** The last so many of what was added; all where there is no limit. */
class LastOf<T> {
  readonly items: T[] = []
  private readonly max: number | undefined

  constructor(max: number | undefined) {
    this.max = max
  }

  add(item: T): void {
    this.items.push(item)
    if (this.max !== undefined && this.items.length > this.max) this.items.shift()
  }
}

const rowLines = (
  { key, revision, generation, event, publications }: RowPublication,
  local: Zone,
): readonly string[] => [
  `${key} revision ${revision}: event ${event} of ${generation}`,
  ...(publications.length === 0 ? ['  not published, or published before publications were recorded'] : []),
  ...publications.map(
    ({ sink, rows, offsets, commits, at, until, recovered }) =>
      `  ${sink}: ${secondText(Date.parse(at), local)} to ${secondText(Date.parse(until), local)}` +
      (rows === 'all' ? '' : ` (${rows} only: this revision may have been left out)`) +
      `${recovered === true ? ' (found at the destination after a crash)' : ''}, ${placesText(offsets, commits)}`,
  ),
]

const printPublications = (publications: readonly SinkPublication[], local: Zone): void =>
  printTable(
    {
      columns: [
        { head: 'acknowledged' },
        { head: 'sink', narrow: 'cut' },
        { head: 'generation' },
        { head: 'events' },
        { head: 'rows', rank: 1 },
        { head: 'records', align: 'right' },
        { head: 'where', narrow: 'wrap', rank: 2, min: 20 },
      ],
      rows: publications.map((each) => {
        const { sink, generation, promotion, at } = each
        const of = `${generation}${promotion === undefined ? '' : ` (${promotion})`}`
        const time = secondText(Date.parse(at), local)
        switch (each.type) {
          case 'Published':
            return [
              ...[time, sink, of],
              each.through < each.from ? '' : `${each.from}–${each.through}`,
              each.recovered === true ? `${each.rows}, found later` : each.rows,
              ...[String(each.records), placesText(each.offsets, each.commits)],
            ]
          case 'Replayed': {
            const { records, offsets, commits, families } = each
            return [
              time,
              sink,
              of,
              '',
              `replay of ${families.join(', ')}`,
              String(records),
              placesText(offsets, commits),
            ]
          }
          case 'RecordingBegan':
            return [time, sink, of, `from ${each.through + 1}`, 'recording begins', '', '']
        }
      }),
    },
    '--json has all',
  )

const placesText = (
  offsets: readonly OffsetRange[] | undefined,
  commits: Readonly<{ first: number; last: number }> | undefined,
): string => {
  if (commits !== undefined)
    return commits.first === commits.last ? `commit ${commits.first}` : `commits ${commits.first}–${commits.last}`
  return (offsets ?? [])
    .map(
      ({ topic, partition, first, last, records }) =>
        `${topic}/${partition} ${first === undefined ? `${records} records, offsets not told` : `${first}–${last}`}`,
    )
    .join(', ')
}
