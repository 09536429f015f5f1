import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../../components/field.js'
import { ProblemBox } from '../../components/problem-box.js'
import { JobProgress } from '../../components/job-progress.js'
import type { Failure } from '../../frame/asking/answers.js'
import { useConsole } from '../../frame/console.js'
import type { Job } from '../../frame/jobs/jobs.js'
import type { WhatIf } from './answers.js'
import { ScopeFields } from './scope-fields.js'
import { scopeIn } from './scope.js'
import { nothingSupposed, setOf, type Supposed } from './supposed.js'
import type { TabProps } from './tabs.js'
import { WhatIfResult } from './what-if-result.js'

/** What other rules would change in a range: a form, the job with its progress, and its result. Nothing is written. */
export const WhatIfTab = ({ route, catalogue }: TabProps): JSX.Element => {
  const { api } = useConsole()
  const [scope, setScope] = useState(() => scopeIn(route.query, catalogue))
  const [supposed, setSupposed] = useState<Supposed>(nothingSupposed)
  const [job, setJob] = useState<string>()
  const [failure, setFailure] = useState<Failure>()
  const [result, setResult] = useState<WhatIf>()
  const set = setOf(supposed)
  const start = async (): Promise<void> => {
    const { family, granularity, from, to } = scope
    setResult(undefined)
    setFailure(undefined)
    const range = { ...(from !== '' && { from }), ...(to !== '' && { to }) }
    const begun = await api.post<Job>('/what-if', { set, families: [family], granularity, ...range })
    if (begun.ok) setJob(begun.value.id)
    else setFailure(begun.failure)
  }
  return (
    <>
      <section class="panel" aria-label="What is supposed">
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            void start()
          }}
        >
          <ScopeFields {...{ catalogue, scope }} onChange={setScope} />
          <SupposedFields {...{ supposed }} onChange={setSupposed} />
          <div class="actions">
            <button type="submit" class="primary" disabled={set.length === 0}>
              What would change?
            </button>
            <span class="quiet">Computes the range under both rules. Writes nothing.</span>
          </div>
        </form>
        {failure !== undefined && <ProblemBox failure={failure} />}
        {job !== undefined && (
          <JobProgress
            key={job}
            id={job}
            title="What-if"
            onEnded={(ended) => {
              if (ended.state === 'done') setResult(ended.result as WhatIf | undefined)
            }}
          />
        )}
      </section>
      {result !== undefined && <WhatIfResult result={result} />}
    </>
  )
}

type SupposedProps = Readonly<{ supposed: Supposed; onChange: (supposed: Supposed) => void }>

const SupposedFields = ({ supposed, onChange }: SupposedProps): JSX.Element => {
  const seconds = (name: 'threshold' | 'shortAbandon', label: string, hint: string): JSX.Element => (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          min="0"
          step="any"
          value={supposed[name]}
          onInput={({ currentTarget }) => onChange({ ...supposed, [name]: currentTarget.value })}
        />
      )}
    </Field>
  )
  const choice = (name: 'includeAbandons' | 'includeFlowOuts', label: string): JSX.Element => (
    <Field label={label} hint="in the service level">
      {(ids) => (
        <select
          {...ids}
          value={supposed[name]}
          onChange={({ currentTarget }) => onChange({ ...supposed, [name]: currentTarget.value })}
        >
          <option value="">as it is</option>
          <option value="true">count</option>
          <option value="false">do not count</option>
        </select>
      )}
    </Field>
  )
  return (
    <>
      <div class="form-row">
        {seconds('threshold', 'Service level threshold, seconds', 'empty: as it is')}
        {seconds('shortAbandon', 'Short abandon, seconds', 'empty: as it is')}
        {choice('includeAbandons', 'Abandons')}
        {choice('includeFlowOuts', 'Flow-outs')}
      </div>
      <Field
        label="Other settings"
        hint="one path=value a line, as streamvane what-if --set: zone=Europe/Berlin, queue.Sales.serviceLevel.voice.durationMs=10s"
      >
        {(ids) => (
          <textarea
            {...ids}
            class="mono few-lines"
            rows={2}
            value={supposed.other}
            onInput={({ currentTarget }) => onChange({ ...supposed, other: currentTarget.value })}
          />
        )}
      </Field>
    </>
  )
}
