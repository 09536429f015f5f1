import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Shown } from '../../../components/asked.js'
import { Confirmed } from '../../../components/confirmed.js'
import { Instant } from '../../../components/instant.js'
import { JobProgress } from '../../../components/job-progress.js'
import { State } from '../../../components/state.js'
import { Table, type Column } from '../../../components/table.js'
import { bytes, NONE, percent } from '../../../format/number.js'
import { useConsole, useMay } from '../../../frame/console.js'
import { isAtWork } from '../../../frame/jobs/jobs.js'
import { useStore } from '../../../frame/store.js'
import { useAnswer } from '../../../frame/asking/use-answer.js'
import { useJobs } from '../../../frame/jobs/use-jobs.js'
import { operationTitle } from '../titles.js'
import { doneOf, generationJobs, phaseTone, type Generation, type Generations } from './generation.js'
import { GenerationDialog } from './generation-dialog.js'
import { RebuildDialog } from './rebuild-dialog.js'
import { ResetDialog } from './reset-dialog.js'
import { SwitchDialog } from './switch-dialog.js'

const columns: readonly Column<Generation>[] = [
  { id: 'name', title: 'Generation', value: ({ name }) => name, isHead: true },
  {
    ...{ id: 'phase', title: 'State', value: ({ phase }) => phase },
    cell: ({ phase }) => <State tone={phaseTone[phase]}>{phase}</State>,
  },
  {
    ...{ id: 'done', title: 'Of the raw log', align: 'end', value: doneOf },
    cell: (generation) => percent(doneOf(generation)),
  },
  { id: 'profile', title: 'Profile', value: ({ profile }) => profile.id ?? NONE },
  { id: 'scope', title: 'Rows', value: ({ scoped }) => (scoped === undefined ? 'all' : `some, else ${scoped.base}`) },
  {
    id: 'started',
    title: 'Started',
    value: ({ startedAt }) => startedAt,
    cell: (each) => <Instant at={each.startedAt} />,
  },
  {
    ...{ id: 'promoted', title: 'Promoted', value: ({ promoted }) => promoted?.at },
    cell: ({ promoted }) => <Instant at={promoted?.at} />,
  },
  { id: 'by', title: 'By', value: ({ promoted }) => promoted?.by },
  { id: 'bytes', title: 'Disk', align: 'end', value: (each) => each.bytes, cell: (each) => bytes(each.bytes) },
]

/** Which dialog is open. */
type Opened =
  | Readonly<{ kind: 'rebuild' | 'pause' | 'resume' | 'reset' }>
  // By name: when the rollback is done, another generation is the one to roll back to.
  | Readonly<{ kind: 'generation' | 'rollback'; name: string }>

/** Generations beside the live one: rebuild, promote, roll back, retire, pause. */
export const GenerationsTab = (): JSX.Element => {
  const { api, live } = useConsole()
  const may = useMay('change')
  const [opened, setOpened] = useState<Opened>()
  const asked = useAnswer('generations', (signal) => api.get<Generations>('/generations', {}, signal))
  // Others start, promote and retire generations too.
  const seen = useStore(live.flow)
    ?.generations.map(({ name, state }) => `${name} ${state}`)
    .join()
  useEffect(() => {
    if (seen !== undefined) asked.reload()
  }, [seen])
  const close = (): void => setOpened(undefined)
  return (
    <>
      <Working onEnded={asked.reload} />
      <section class="panel" aria-labelledby="generations">
        <header>
          <h2 id="generations">Generations</h2>
          {may && asked.value !== undefined && <Actions of={asked.value} onOpen={setOpened} />}
        </header>
        <Shown asked={asked} what="the generations">
          {(of) => (
            <>
              {of.paused !== null && <PausedLine paused={of.paused} />}
              <Table
                {...{ caption: 'Generations', columns, rows: of.generations, keyOf: ({ name }: Generation) => name }}
                order={{ column: 'name', direction: 'descending' }}
                onOpen={({ name }) => setOpened({ kind: 'generation', name })}
              />
              {opened !== undefined && <Dialogs {...{ opened, of, onClose: close, onDone: asked.reload }} />}
            </>
          )}
        </Shown>
        <p class="quiet small">
          A rebuild computes a new generation beside the live one. What was compared is what is promoted; a rollback
          makes the one live again that was live before.
        </p>
      </section>
    </>
  )
}

/** Jobs on generations that are at work, with their progress. */
const Working = ({ onEnded }: Readonly<{ onEnded: () => void }>): JSX.Element | null => {
  const { value = [] } = useJobs()
  const working = value.filter((job) => generationJobs.has(job.operation) && isAtWork(job))
  if (working.length === 0) return null
  return (
    <section class="panel" aria-labelledby="working">
      <h2 id="working">At work</h2>
      {working.map(({ id, operation }) => (
        <JobProgress key={id} id={id} title={operationTitle(operation)} onEnded={onEnded} />
      ))}
    </section>
  )
}

type ActionsProps = Readonly<{
  of: Generations
  onOpen: (opened: Opened) => void
}>

const Actions = ({ of: { paused, rollbackTo }, onOpen }: ActionsProps): JSX.Element => (
  <div class="actions">
    <button type="button" class="primary" onClick={() => onOpen({ kind: 'rebuild' })}>
      Rebuild …
    </button>
    <button
      type="button"
      disabled={rollbackTo === null}
      onClick={() => onOpen({ kind: 'rollback', name: rollbackTo ?? '' })}
    >
      Roll back{rollbackTo === null ? '' : ` to ${rollbackTo}`} …
    </button>
    <button type="button" onClick={() => onOpen({ kind: paused === null ? 'pause' : 'resume' })}>
      {paused === null ? 'Pause …' : 'Resume …'}
    </button>
    <button type="button" onClick={() => onOpen({ kind: 'reset' })}>
      Reset …
    </button>
  </div>
)

const PausedLine = ({ paused }: Readonly<{ paused: NonNullable<Generations['paused']> }>): JSX.Element => (
  <p>
    <State tone="warn">The projection is paused</State> since <Instant at={paused.at} />
    {paused.by !== undefined && ` by ${paused.by}`}
    {paused.why !== undefined && `: ${paused.why}`}
  </p>
)

type DialogsProps = Readonly<{ opened: Opened; of: Generations; onClose: () => void; onDone: () => void }>

const Dialogs = ({ opened, of, onClose, onDone }: DialogsProps): JSX.Element | null => {
  switch (opened.kind) {
    case 'rebuild':
      return <RebuildDialog {...{ of, onClose, onDone }} />
    case 'reset':
      return <ResetDialog {...{ live: of.live, onClose, onDone }} />
    case 'rollback':
      return <SwitchDialog {...{ kind: 'rollback', name: opened.name, onClose, onDone }} />
    case 'pause':
    case 'resume':
      return (
        <Confirmed
          title={opened.kind === 'pause' ? 'Pause the projection' : 'Resume the projection'}
          verb={opened.kind === 'pause' ? 'Pause' : 'Resume'}
          path={`/projection/${opened.kind}`}
          {...{ body: {}, onClose, onDone }}
          outcome={() => <p>{opened.kind === 'pause' ? 'It holds at its next batch.' : 'It goes on.'}</p>}
        >
          <p>
            {opened.kind === 'pause'
              ? 'The projection holds in every process, also over restarts. Events are still taken in; figures stand still until it is resumed.'
              : 'The projection goes on where it holds, in every process.'}
          </p>
        </Confirmed>
      )
    case 'generation': {
      const generation = of.generations.find(({ name }) => name === opened.name)
      return generation === undefined ? null : <GenerationDialog {...{ generation, onClose, onDone }} />
    }
  }
}
