import type { JSX } from 'preact'
import type { FlowStage } from '../../../http/console/shapes.js'
import { Instant } from '../../components/instant.js'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { duration } from '../../format/duration.js'
import { count, NONE, rate } from '../../format/number.js'
import { alarmRemedy, troubleRemedy } from '../../frame/remedies.js'
import { stageTitle, stateTone } from './flow-model.js'

const columns: readonly Column<FlowStage>[] = [
  { id: 'stage', title: 'Stage', value: stageTitle, isHead: true },
  {
    ...{ id: 'state', title: 'State', value: ({ state }) => state },
    cell: ({ state }) => <State tone={stateTone[state]}>{state}</State>,
  },
  { id: 'since', title: 'Since', value: ({ since }) => since, cell: ({ since }) => <Instant at={since} /> },
  {
    ...{ id: 'rate', title: 'Rate', align: 'end', value: ({ ratePerS }) => ratePerS },
    cell: ({ ratePerS }) => rate(ratePerS),
  },
  {
    ...{ id: 'lag', title: 'Lag, events', align: 'end', value: ({ lagEvents }) => lagEvents },
    cell: ({ lagEvents, lagIsAtLeast }) => `${lagIsAtLeast === true ? '≥ ' : ''}${count(lagEvents)}`,
  },
  {
    ...{ id: 'behind', title: 'Lag, time', align: 'end', value: ({ lagMs }) => lagMs },
    cell: ({ lagMs }) => duration(lagMs),
  },
  {
    ...{ id: 'commit', title: 'Last commit', value: ({ lastCommit }) => lastCommit },
    cell: ({ lastCommit }) => <Instant at={lastCommit} />,
  },
  {
    ...{ id: 'says', title: 'Notes', value: notes },
    cell: (stage) => <span class="notes">{notes(stage) || NONE}</span>,
  },
]

/** They have columns of their own. */
const LAG_FIGURES: ReadonlySet<string> = new Set(['lagRows', 'lagMs'])

/** What else a stage tells of itself. */
function notes(stage: FlowStage): string {
  const { says, figures, details, troubles, alarms } = stage
  return [
    ...troubles.map(({ trouble }) => troubleRemedy(trouble, stage).what),
    ...alarms.map(({ alarm }) => alarmRemedy(alarm).what),
    // In the words of the console where there is a trouble or an alarm.
    ...(says === null || troubles.length + alarms.length > 0 ? [] : [says]),
    ...Object.entries(details).map(([name, text]) => `${name}: ${text}`),
    ...Object.entries(figures)
      .filter(([name]) => !LAG_FIGURES.has(name))
      .map(([name, value]) => `${name} ${count(value)}`),
  ].join(' · ')
}

type Props = Readonly<{ caption: string; stages: readonly FlowStage[] }>

export const StageTable = ({ caption, stages }: Props): JSX.Element => (
  <Table caption={caption} columns={columns} rows={stages} keyOf={({ stage }) => stage} />
)
