import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../components/asked.js'
import { Dialog } from '../../components/dialog.js'
import { Facts } from '../../components/facts.js'
import { Instant } from '../../components/instant.js'
import { State } from '../../components/state.js'
import type { Tone } from '../../components/tone.js'
import { Table, type Column } from '../../components/table.js'
import { count } from '../../format/number.js'
import { useConsole } from '../../frame/console.js'
import type { PageProps } from '../../frame/route/page-props.js'
import { hrefOf } from '../../frame/route/route.js'
import { go } from '../../frame/route/router.js'
import { useAnswer } from '../../frame/asking/use-answer.js'

/** What an operator did: an item of `GET …/audit-log`. */
type Recorded = Readonly<{
  id: string
  operation: string
  by: string
  why?: string
  via: string
  began: string
  ended?: string
  result: string
  details?: unknown
}>

const resultTone = (result: string): Tone => {
  if (result === 'done') return 'good'
  if (result === 'running') return 'busy'
  return result === 'failed' || result === 'unknown' ? 'bad' : 'warn'
}

const columns: readonly Column<Recorded>[] = [
  { id: 'began', title: 'When', value: ({ began }) => began, cell: ({ began }) => <Instant at={began} /> },
  { id: 'by', title: 'Who', value: ({ by }) => by },
  { id: 'operation', title: 'What', value: ({ operation }) => operation, isHead: true },
  {
    ...{ id: 'result', title: 'Result', value: ({ result }) => result },
    cell: ({ result }) => <State tone={resultTone(result)}>{result}</State>,
  },
  { id: 'via', title: 'Via', value: ({ via }) => via },
  { id: 'why', title: 'Why', value: ({ why }) => why },
]

const DAY_MS = 86_400_000
const ranges = { 1: 'Last day', 7: 'Last 7 days', 30: 'Last 30 days', 0: 'All' } as const
const SHOWN_MAX = 20_000

/** The journal of operators. */
export const AuditLogTab = ({ route: { query } }: PageProps): JSX.Element => {
  const { api } = useConsole()
  const [opened, setOpened] = useState<Recorded>()
  const days = query['days'] ?? '7'
  const asked = useAnswer(`audit-log ${days}`, (signal) =>
    api.list<Recorded>(
      '/audit-log',
      days === '0' ? {} : { from: new Date(Date.now() - Number(days) * DAY_MS).toISOString() },
      { max: SHOWN_MAX, signal },
    ),
  )
  const show = (chosen: Readonly<Record<string, string>>): void =>
    go(hrefOf('operations/audit-log', { ...query, ...chosen }), { replace: true })
  return (
    <section class="panel" aria-labelledby="audit-log">
      <h2 id="audit-log">Audit log</h2>
      <Shown asked={asked} what="the audit log">
        {({ items, next }) => (
          <>
            <Table
              {...{ caption: 'Audit log', columns, rows: items, keyOf: ({ id }: Recorded) => id, hasFilter: true }}
              {...{ filter: query['filter'] ?? '', onFilter: (filter: string) => show({ filter }) }}
              order={{ column: 'began', direction: 'descending' }}
              onOpen={setOpened}
              empty="Nobody changed anything in this time."
              tools={
                <label class="inline">
                  Time{' '}
                  <select value={days} onChange={({ currentTarget }) => show({ days: currentTarget.value })}>
                    {Object.entries(ranges).map(([value, title]) => (
                      <option key={value} value={value}>
                        {title}
                      </option>
                    ))}
                  </select>
                </label>
              }
            />
            {next !== null && (
              <p class="quiet">
                Only the first {count(SHOWN_MAX)} are shown: choose a shorter time, or use streamvane audit log.
              </p>
            )}
          </>
        )}
      </Shown>
      {opened !== undefined && (
        <Dialog title={opened.operation} onClose={() => setOpened(undefined)} isWide>
          <Facts
            of={{
              ...{ Who: opened.by, Why: opened.why ?? 'no reason was given', Via: opened.via },
              ...{ Began: <Instant at={opened.began} />, Ended: <Instant at={opened.ended} /> },
              Result: <State tone={resultTone(opened.result)}>{opened.result}</State>,
            }}
          />
          {opened.details !== undefined && (
            <pre tabIndex={0} aria-label="Details">
              {JSON.stringify(opened.details, null, 2)}
            </pre>
          )}
        </Dialog>
      )}
    </section>
  )
}
