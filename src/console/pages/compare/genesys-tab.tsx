import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../components/asked.js'
import { Field } from '../../components/field.js'
import { JobProgress } from '../../components/job-progress.js'
import { ProblemBox } from '../../components/problem-box.js'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { instant } from '../../format/instant.js'
import { count } from '../../format/number.js'
import type { Failure } from '../../frame/asking/answers.js'
import { useConsole, useZone } from '../../frame/console.js'
import type { Job } from '../../frame/jobs/jobs.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import type { Comparison, Kept, KeptDifference } from './answers.js'
import { differencesIn, statisticsText, type GenesysDifference } from './genesys-differences.js'

const DIFFERENCES_MAX = 5_000

/** Rows beside what Genesys answers: reconciliations that were kept, and an answer that a person gives. */
export const GenesysTab = (): JSX.Element => (
  <>
    <KeptReconciliations />
    <UploadedAnswer />
  </>
)

const KeptReconciliations = (): JSX.Element => {
  const { api } = useConsole()
  const zone = useZone()
  const [chosen, setChosen] = useState<string>()
  const asked = useAnswer('kept', (signal) => api.list<Kept>('/reconciliations', {}, { signal }))
  const columns: readonly Column<Kept>[] = [
    { id: 'at', title: 'Compared at', value: ({ at }) => at, cell: ({ at }) => instant(at, zone), isHead: true },
    { id: 'by', title: 'By', value: ({ by }) => by },
    { id: 'source', title: 'Answer of Genesys', value: ({ source }) => source.file },
    { id: 'compared', title: 'Figures', align: 'end', value: ({ counts }) => counts.compared },
    {
      ...{ id: 'different', title: 'Different', align: 'end', value: ({ counts }) => counts.different },
      cell: ({ counts: { different } }) =>
        different === 0 ? <State tone="good">0</State> : <State tone="warn">{count(different)}</State>,
    },
    {
      ...{ id: 'classes', title: 'Because', value: ({ classes }) => Object.keys(classes).join(', ') },
      cell: ({ classes }) =>
        Object.entries(classes)
          .map(([name, figures]) => `${name} ${figures}`)
          .join(', '),
    },
  ]
  return (
    <section class="panel" aria-label="Reconciliations">
      <h2>Reconciliations that were kept</h2>
      <Shown asked={asked} what="reconciliations">
        {({ items }) => (
          <Table
            {...{ caption: 'Reconciliations', columns, rows: items }}
            keyOf={({ id }) => id}
            order={{ column: 'at', direction: 'descending' }}
            onOpen={({ id }) => setChosen(id)}
            empty="None was kept. streamvane genesys reconcile, or reconcile --aggregates FILE, keeps one."
          />
        )}
      </Shown>
      {chosen !== undefined && <KeptDifferences key={chosen} id={chosen} />}
    </section>
  )
}

const KeptDifferences = ({ id }: Readonly<{ id: string }>): JSX.Element => {
  const { api } = useConsole()
  const asked = useAnswer(id, (signal) =>
    api.list<KeptDifference>(
      `/reconciliations/${encodeURIComponent(id)}/differences`,
      {},
      { max: DIFFERENCES_MAX, signal },
    ),
  )
  return (
    <Shown asked={asked} what="differences">
      {({ items }) => (
        <Differences
          rows={items.map(({ intervalStart, theirs, ours, ...rest }) => ({
            ...{ ...rest, start: intervalStart, theirs: statisticsText(theirs), ours: statisticsText(ours) },
          }))}
        />
      )}
    </Shown>
  )
}

const Differences = ({ rows }: Readonly<{ rows: readonly GenesysDifference[] }>): JSX.Element => {
  const zone = useZone()
  const columns: readonly Column<GenesysDifference>[] = [
    { id: 'start', title: 'Interval', value: ({ start }) => start, cell: ({ start }) => instant(start, zone) },
    { id: 'group', title: 'Group', value: ({ group }) => Object.values(group).join(' · ') || 'all', isHead: true },
    { id: 'metric', title: 'Metric', value: ({ metric }) => metric },
    { id: 'theirs', title: 'Genesys', align: 'end', value: ({ theirs }) => theirs },
    { id: 'ours', title: 'Streamvane', align: 'end', value: ({ ours }) => ours },
    { id: 'class', title: 'Reason', value: (row) => row.class },
    {
      ...{ id: 'because', title: 'Because', value: ({ because }) => because },
      cell: ({ because }) => <span class="notes">{because}</span>,
    },
  ]
  return (
    <Table
      {...{ caption: 'Figures that differ', columns, rows, hasFilter: true }}
      keyOf={({ start, group, metric }) => JSON.stringify([start, group, metric])}
      empty="No figure differs."
    />
  )
}

const UploadedAnswer = (): JSX.Element => {
  const { api } = useConsole()
  const [file, setFile] = useState<File>()
  const [job, setJob] = useState<string>()
  const [failure, setFailure] = useState<Failure>()
  const [result, setResult] = useState<Comparison>()
  const start = async (chosen: File): Promise<void> => {
    setResult(undefined)
    setFailure(undefined)
    let answers: unknown
    try {
      answers = JSON.parse(await chosen.text())
    } catch {
      const detail = `${chosen.name} holds no JSON: give the answer of an aggregates query of Genesys as it came.`
      return setFailure({ kind: 'problem', problem: { title: 'the file cannot be read', detail } })
    }
    const begun = await api.post<Job>('/comparisons', { answers, limit: DIFFERENCES_MAX })
    if (begun.ok) setJob(begun.value.id)
    else setFailure(begun.failure)
  }
  return (
    <section class="panel" aria-label="An answer of Genesys">
      <h2>Compare an answer of Genesys</h2>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (file !== undefined) void start(file)
        }}
      >
        <Field label="Answer, a JSON file" hint="of conversations/, users/ or flows/aggregates/query; nothing is kept">
          {(ids) => (
            <input
              {...ids}
              type="file"
              accept="application/json,.json"
              onChange={({ currentTarget }) => setFile(currentTarget.files?.[0])}
            />
          )}
        </Field>
        <div class="actions">
          <button type="submit" class="primary" disabled={file === undefined}>
            Compare
          </button>
        </div>
      </form>
      {failure !== undefined && <ProblemBox failure={failure} />}
      {job !== undefined && (
        <JobProgress
          key={job}
          id={job}
          title="Comparison"
          onEnded={(ended) => {
            if (ended.state === 'done') setResult(ended.result as Comparison | undefined)
          }}
        />
      )}
      {result !== undefined && <ComparisonResult result={result} />}
    </section>
  )
}

const ComparisonResult = ({ result }: Readonly<{ result: Comparison }>): JSX.Element => {
  const { compared, equal, tolerated, different } = result.figures
  return (
    <>
      <p role="status">
        <State tone={compared === 0 ? 'none' : different === 0 ? 'good' : 'warn'}>
          {`${count(compared)} compared, ${count(equal)} equal, ${count(tolerated)} tolerated, ${count(different)} different`}
        </State>
      </p>
      <ul class="plain-list">
        {result.coverage.notCompared.map(({ why, times }) => (
          <li key={why}>{`${why} (${count(times)})`}</li>
        ))}
        {result.coverage.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <Differences rows={differencesIn(result)} />
    </>
  )
}
