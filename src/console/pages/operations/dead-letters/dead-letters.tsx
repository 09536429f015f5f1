import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../../components/asked.js'
import { Instant } from '../../../components/instant.js'
import { State } from '../../../components/state.js'
import { Table, type Column } from '../../../components/table.js'
import { bytes, count } from '../../../format/number.js'
import { useConsole, useMay } from '../../../frame/console.js'
import type { LetterCount } from '../../../frame/trust/open-letters.js'
import type { PageProps } from '../../../frame/route/page-props.js'
import { hrefOf } from '../../../frame/route/route.js'
import { go } from '../../../frame/route/router.js'
import { useAnswer } from '../../../frame/asking/use-answer.js'
import { DiscardDialog, RetryDialog } from './decision-dialogs.js'
import { LetterDialog } from './letter-dialog.js'
import { letterTone, type Letter } from './letter.js'

/** What the address chooses. */
type Choice = Readonly<{ state: string; reason: string; stage: string }>

const SHOWN_MAX = 5_000

/** Input that was set aside: how much and why, and, for operators and auditors, each of it. */
export const DeadLettersTab = ({ route: { query } }: PageProps): JSX.Element => {
  const mayLook = useMay('operations')
  const choice = { state: query['state'] ?? 'open', reason: query['reason'] ?? '', stage: query['stage'] ?? '' }
  const [turn, setTurn] = useState(0)
  const { openLetters } = useConsole()
  const onDecided = (): void => {
    setTurn((before) => before + 1)
    openLetters.refresh()
  }
  return (
    <>
      <Counts choice={choice} turn={turn} />
      {mayLook && <Letters {...{ choice, turn, onDecided }} />}
    </>
  )
}

const countColumns: readonly Column<LetterCount>[] = [
  { id: 'reason', title: 'Reason', value: ({ reason }) => reason, isHead: true },
  { id: 'stage', title: 'Stage', value: ({ stage }) => stage },
  { id: 'day', title: 'Received (UTC)', value: ({ day }) => day },
  {
    ...{ id: 'state', title: 'State', value: ({ state }) => state },
    cell: ({ state }) => <State tone={letterTone[state]}>{state}</State>,
  },
  {
    id: 'letters',
    title: 'Letters',
    align: 'end',
    value: ({ letters }) => letters,
    cell: (each) => count(each.letters),
  },
  { id: 'events', title: 'Events', align: 'end', value: ({ events }) => events, cell: (each) => count(each.events) },
]

const show = (choice: Choice): void => go(hrefOf('operations/dead-letters', choice), { replace: true })

const Counts = ({ choice, turn }: Readonly<{ choice: Choice; turn: number }>): JSX.Element => {
  const { api } = useConsole()
  const asked = useAnswer(`counts ${turn}`, (signal) => api.list<LetterCount>('/dead-letter-counts', {}, { signal }))
  return (
    <section class="panel" aria-labelledby="counts">
      <h2 id="counts">Dead letters by reason</h2>
      <p class="quiet">Input that could not be used is kept byte for byte, with the reason. Nothing is ever deleted.</p>
      <Shown asked={asked} what="the counts">
        {({ items }) => (
          <Table
            {...{ caption: 'Dead letters by reason', columns: countColumns, rows: items }}
            keyOf={({ reason, stage, day, state }) => `${day} ${reason} ${stage} ${state}`}
            onOpen={({ reason, stage, state }) => show({ ...choice, reason, stage, state })}
            empty="Everything that came in could be used."
          />
        )}
      </Shown>
    </section>
  )
}

const columns: readonly Column<Letter>[] = [
  {
    id: 'received',
    title: 'Received',
    value: (each) => each.receivedAt,
    cell: (each) => <Instant at={each.receivedAt} />,
  },
  { id: 'reason', title: 'Reason', value: ({ reason }) => reason, isHead: true },
  {
    ...{ id: 'state', title: 'State', value: ({ state }) => state },
    cell: ({ state }) => <State tone={letterTone[state]}>{state}</State>,
  },
  { id: 'stage', title: 'Stage', value: ({ stage }) => stage },
  { id: 'origin', title: 'Origin', value: ({ origin }) => origin },
  { id: 'bytes', title: 'Size', align: 'end', value: (each) => each.bytes, cell: (each) => bytes(each.bytes) },
  {
    id: 'detail',
    title: 'Detail',
    value: ({ detail }) => detail,
    cell: ({ detail }) => <span class="cut">{detail}</span>,
  },
]

type LettersProps = Readonly<{ choice: Choice; turn: number; onDecided: () => void }>

const Letters = ({ choice, turn, onDecided }: LettersProps): JSX.Element => {
  const { api } = useConsole()
  const may = useMay('change')
  const [opened, setOpened] = useState<Letter>()
  const [deciding, setDeciding] = useState<'retry' | 'discard'>()
  const { state, reason, stage } = choice
  const asked = useAnswer(`${state} ${reason} ${stage} ${turn}`, (signal) =>
    api.list<Letter>(
      '/dead-letters',
      { state: state === 'all' ? undefined : state, reason, stage },
      { max: SHOWN_MAX, signal },
    ),
  )
  const filter = { ...(reason !== '' && { reason }), ...(stage !== '' && { stage }) }
  const closeDecision = (): void => setDeciding(undefined)
  return (
    <section class="panel" aria-labelledby="letters">
      <header>
        <h2 id="letters">Dead letters</h2>
        {may && (
          <div class="actions">
            <button type="button" class="primary" onClick={() => setDeciding('retry')}>
              Retry {reason === '' ? 'all open' : 'these'} …
            </button>
            <button type="button" disabled={reason === '' && stage === ''} onClick={() => setDeciding('discard')}>
              Discard these …
            </button>
          </div>
        )}
      </header>
      <Chooser choice={choice} />
      <Shown asked={asked} what="the dead letters">
        {({ items, next }) => (
          <>
            <Table
              {...{ caption: 'Dead letters', columns, rows: items, keyOf: ({ id }: Letter) => id, hasFilter: true }}
              order={{ column: 'received', direction: 'descending' }}
              onOpen={setOpened}
              empty={state === 'open' ? 'No dead letter is open.' : 'There is none of these.'}
            />
            {next !== null && (
              <p class="quiet">Only the first {count(SHOWN_MAX)} are shown: choose a reason or a state.</p>
            )}
          </>
        )}
      </Shown>
      {opened !== undefined && <LetterDialog {...{ letter: opened, onClose: () => setOpened(undefined), onDecided }} />}
      {deciding === 'retry' && <RetryDialog {...{ filter, onClose: closeDecision, onDone: onDecided }} />}
      {deciding === 'discard' && <DiscardDialog {...{ filter, onClose: closeDecision, onDone: onDecided }} />}
    </section>
  )
}

const Chooser = ({ choice }: Readonly<{ choice: Choice }>): JSX.Element => (
  <div class="table-tools">
    <label class="inline">
      State{' '}
      <select value={choice.state} onChange={({ currentTarget }) => show({ ...choice, state: currentTarget.value })}>
        {['open', 'retried', 'discarded', 'all'].map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
    <label class="inline">
      Stage{' '}
      <select value={choice.stage} onChange={({ currentTarget }) => show({ ...choice, stage: currentTarget.value })}>
        <option value="">any</option>
        <option>ingress</option>
        <option>projector</option>
      </select>
    </label>
    {choice.reason !== '' && (
      <button type="button" onClick={() => show({ ...choice, reason: '' })}>
        Reason {choice.reason}
        <span aria-hidden="true">✕</span>
        <span class="hidden">: show every reason</span>
      </button>
    )}
  </div>
)
