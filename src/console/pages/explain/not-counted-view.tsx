import type { JSX } from 'preact'
import { Table, type Column } from '../../components/table.js'
import { useZone } from '../../frame/console.js'
import { instant } from '../../format/instant.js'
import { count } from '../../format/number.js'
import type { NotCounted } from './answers.js'

const reasonText = (reason: string): string => (reason === 'too-early' ? 'stamped ahead' : reason.replaceAll('-', ' '))

/** What was not counted, by reason, and each of it. */
export const NotCountedView = ({ notCounted }: Readonly<{ notCounted: readonly NotCounted[] }>): JSX.Element => {
  const zone = useZone()
  const counts = new Map<string, number>()
  for (const { reason, count: of } of notCounted) counts.set(reason, (counts.get(reason) ?? 0) + of)
  const sums = [...counts].map(([reason, of]) => `${reasonText(reason)} ${count(of)}`)
  return (
    <section class="panel">
      <h2>What was not counted</h2>
      <p class="quiet">
        {sums.length === 0 ? 'Nothing else was found' : sums.join(', ')}. An event that was delivered again is stored
        once, and counts once.
      </p>
      {notCounted.length > 0 && (
        <Table
          {...{ caption: 'What was not counted', rows: byImportance(notCounted), hasFilter: notCounted.length > 10 }}
          columns={columnsOf(zone)}
          keyOf={({ reason, metric, at, conversationId, detail, event }) =>
            [reason, metric, at, conversationId, event?.position, detail].join(' ')
          }
        />
      )}
    </section>
  )
}

/** Points of other rows come last: there are many of them, and nothing is wrong with them. */
const byImportance = (all: readonly NotCounted[]): readonly NotCounted[] => {
  const isElsewhere = ({ reason }: NotCounted): boolean => reason.startsWith('other-')
  return [...all.filter((one) => !isElsewhere(one)), ...all.filter(isElsewhere)]
}

const columnsOf = (zone: string): readonly Column<NotCounted>[] => [
  { id: 'reason', title: 'Reason', value: ({ reason }) => reasonText(reason), isHead: true },
  {
    ...{ id: 'metric', title: 'Metric', value: ({ metric }) => metric },
    cell: ({ metric, count: of }) => `${metric ?? ''}${of === 1 ? '' : ` × ${of}`}`,
  },
  { id: 'value', title: 'Value', align: 'end', value: ({ value }) => value, cell: ({ value }) => count(value) },
  { id: 'at', title: 'At', value: ({ at }) => at, cell: ({ at }) => (at === null ? '' : instant(at, zone)) },
  {
    ...{ id: 'conversation', title: 'Conversation', value: ({ conversationId }) => conversationId },
    cell: ({ conversationId }) => <span class="mono">{conversationId ?? ''}</span>,
  },
  {
    id: 'because',
    title: 'Because',
    value: ({ detail }) => detail,
    cell: ({ detail }) => <span class="wrap">{detail}</span>,
  },
]
