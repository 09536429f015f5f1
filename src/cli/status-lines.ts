import { utc } from '../domain/zone.js'
import { printable } from '../domain/printable.js'
import type { StageState, StageStatus, StatusReport } from '../app/operations/status/report.js'
import { saysSince } from '../app/operations/status/stage-state.js'
import { bytesText, countText, secondText, spanText } from './command/figures.js'
import { styled, type Style } from './command/color.js'
import { tableLines, type Output, type Table } from './command/table.js'
import { wrap } from './command/text-width.js'

const styles: Readonly<Record<StageState | 'well', Style>> = {
  ...({ working: 'green', idle: 'dim', behind: 'yellow', paused: 'yellow', well: 'green' } as const),
  ...({ stalled: 'red', refused: 'red', unreachable: 'red' } as const),
}

const sourceStyles = { connected: 'green', connecting: 'red', paused: 'yellow', ended: 'red' } as const

const WIDTH_OF_A_PIPE = 100

/** A report as lines of one screen: 80 columns, 24 lines in a usual installation. */
export const statusLines = (report: StatusReport, out: Output): readonly string[] => {
  const now = Date.parse(report.at)
  const width = out.width ?? WIDTH_OF_A_PIPE
  const { lines } = tableLines(stageTable(report, now), out)
  const sources = sourceTable(report, now)
  return [
    `streamvane ${report.version}, tenant ${report.tenant}, ${secondText(now, utc)} UTC: ${
      report.well ? styled('well', 'green', out.color) : styled('needs a look', 'red', out.color)
    }`,
    '',
    ...factsOf(report).flatMap(([name, text]) =>
      wrap(printable(text), width - INDENT).map((line, place) => `${(place === 0 ? name : '').padEnd(INDENT)}${line}`),
    ),
    ...(report.stages.length === 0 ? [] : ['', ...lines]),
    ...(sources.rows.length === 0 ? [] : ['', ...tableLines(sources, out).lines]),
    ...(report.destinations.length === 0 ? [] : ['', ...tableLines(destinationTable(report), out).lines]),
    ...troublesOf(report).flatMap((text) => ['', ...wrap(printable(text), width)]),
  ]
}

const INDENT = 12

const factsOf = ({ log, clock, disk, generations, openIntervals, deadLetters, health }: StatusReport) => {
  const facts: (readonly [string, string])[] = [
    [
      'log',
      log.state === 'well'
        ? `${log.kind}, at position ${log.position}`
        : log.state === 'empty'
          ? `${log.kind}, empty: \`streamvane run\` takes events in, \`streamvane import FILE\` imports them`
          : `${log.kind}, cannot be read: ${log.says}`,
    ],
  ]
  if (disk !== null)
    facts.push(['disk', `${bytesText(disk.dataBytes)} in the data folder, ${bytesText(disk.freeBytes)} free`])
  if (clock.frontier !== null)
    facts.push([
      'clock',
      `${secondText(Date.parse(clock.frontier), utc)} UTC, ${spanText(clock.behindMs ?? 0)} ago; ${openIntervals ?? 0} open intervals`,
    ])
  if (generations.length > 0)
    facts.push([
      'generation',
      generations
        .map(({ name, state, done }) =>
          state === 'warming' ? `${name} warming (${Math.floor(100 * (done ?? 0))} %)` : `${name} ${state}`,
        )
        .join(', '),
    ])
  if (deadLetters > 0) facts.push(['dead letters', `${countText(deadLetters)} (streamvane deadletter list)`])
  if (health.length > 0) facts.push(['health at', health.join(', ')])
  return facts
}

const stageTable = ({ stages }: StatusReport, now: number): Table => ({
  columns: [
    { head: 'stage' },
    { head: 'state' },
    { head: 'lag', align: 'right' },
    { head: 'waiting for', align: 'right' },
    { head: 'last commit', align: 'right' },
    { head: 'process', narrow: 'cut', min: 10, rank: 1 },
  ],
  rows: stages.map((stage) => [
    stage.stage,
    { text: stage.state, style: styles[stage.state] },
    lagText(stage),
    stage.lagMs === null || stage.lagEvents === 0 ? '' : spanText(stage.lagMs),
    stage.lastCommit === null ? '' : `${spanText(now - Date.parse(stage.lastCommit))} ago`,
    stage.process === null ? '' : `${stage.process.pid} on ${stage.process.host}`,
  ]),
})

const lagText = ({ lagEvents, lagIsAtLeast }: StageStatus): string =>
  lagEvents === null ? '' : `${lagIsAtLeast === true ? 'over ' : ''}${countText(lagEvents)}`

const sourceTable = ({ stages }: StatusReport, now: number): Table => ({
  columns: [{ head: 'source' }, { head: 'state' }, { head: 'since', align: 'right' }, { head: 'lag', align: 'right' }],
  rows: stages.flatMap(({ sources }) =>
    Object.entries(sources ?? {}).map(([name, { state, since, lag }]) => [
      name,
      { text: state, style: sourceStyles[state] },
      `${spanText(now - Date.parse(since))} ago`,
      [
        ...(lag?.events === undefined ? [] : [`${countText(lag.events)} events`]),
        ...(lag?.seconds === undefined ? [] : [spanText(lag.seconds * 1_000)]),
      ].join(', '),
    ]),
  ),
})

const destinationTable = ({ destinations }: StatusReport): Table => ({
  columns: [{ head: 'destination' }, { head: 'state' }, { head: 'where', narrow: 'cut', min: 12 }],
  rows: destinations.map(({ kind, name, state, says }) => [
    kind === name ? kind : `${kind} (${name})`,
    { text: state, style: styles[state] },
    says ?? '',
  ]),
})

/** What stands in the way of a stage, whole, with what to do. */
const troublesOf = ({ stages }: StatusReport): readonly string[] =>
  stages.flatMap(({ stage, mend, ...seen }) => {
    const text = saysSince(seen)
    return text === '' ? [] : [`${stage}: ${text}${mend === null ? '' : ` (${mend})`}`]
  })
