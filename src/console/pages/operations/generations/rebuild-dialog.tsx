import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Choices } from '../../../components/choices.js'
import { Confirmed } from '../../../components/confirmed.js'
import { Field } from '../../../components/field.js'
import { count } from '../../../format/number.js'
import { useZone } from '../../../frame/console.js'
import { hrefOf } from '../../../frame/route/route.js'
import { Link } from '../../../frame/route/router.js'
import { RangeFields } from '../range-fields.js'
import { rangeIn, type LocalRange } from '../range.js'
import { dimensionsIn, familiesIn, type Generations } from './generation.js'

type Rebuilt = Readonly<{
  generation: string
  before: string | null
  promoted: boolean
  intervals: number
  different: number
  notCompared: string | null
  outside: Readonly<{ rows: number; same: number; moved: number }> | null
}>

type Form = Readonly<{
  profile: string
  families: readonly string[]
  range: LocalRange
  where: string
  promote: boolean
}>

const empty: Form = { profile: '', families: [], range: { from: '', to: '' }, where: '', promote: false }

/** What is sent; or what of the form cannot be used. */
const bodyOf = (form: Form, zone: string): Readonly<{ body?: Record<string, unknown>; problem?: string }> => {
  const dimensions = dimensionsIn(form.where)
  if (!dimensions.ok) return { problem: `Not dimension=value: ${dimensions.line}` }
  const scope = {
    ...(form.families.length > 0 && { families: form.families }),
    ...rangeIn(form.range, zone),
    ...(Object.keys(dimensions.value).length > 0 && { dimensions: dimensions.value }),
  }
  let profile: unknown
  try {
    profile = form.profile.trim() === '' ? undefined : JSON.parse(form.profile)
  } catch (cause) {
    return { problem: `The profile is no JSON: ${(cause as Error).message}` }
  }
  return {
    body: {
      ...(profile !== undefined && { profile }),
      ...(Object.keys(scope).length > 0 && { scope }),
      ...(form.promote && { promote: true }),
    },
  }
}

type Props = Readonly<{ of: Generations; onClose: () => void; onDone: () => void }>

/** Computes a new generation beside the live one, of all rows or of some, and compares the two. */
export const RebuildDialog = ({ of, onClose, onDone }: Props): JSX.Element => {
  const zone = useZone()
  const [form, setForm] = useState(empty)
  const set = (changed: Partial<Form>): void => setForm((before) => ({ ...before, ...changed }))
  const { body, problem } = bodyOf(form, zone)
  return (
    <Confirmed<Rebuilt>
      title="Rebuild"
      verb="Rebuild"
      path="/generations"
      {...{ body, onClose, onDone, ...(form.promote && { word: 'promote' }) }}
      outcome={(outcome) => <RebuildOutcome outcome={outcome} />}
    >
      <p>A new generation is computed beside the live one. Nothing is published unless it is promoted.</p>
      <details>
        <summary>Only some rows</summary>
        <div class="form">
          <RangeFields range={form.range} onChange={(range) => set({ range })} />
          <Choices
            legend="Families"
            of={familiesIn(of)}
            chosen={form.families}
            onChange={(families) => set({ families })}
          />
          <Field label="Dimensions" hint="A line each: queueId=7c1f0b56-…">
            {(ids) => (
              <textarea
                {...ids}
                class="mono"
                rows={2}
                spellcheck={false}
                value={form.where}
                onInput={({ currentTarget }) => set({ where: currentTarget.value })}
              />
            )}
          </Field>
        </div>
      </details>
      <details>
        <summary>Another profile</summary>
        <Field label="Profile, as JSON" hint="Empty: the profile of the configuration.">
          {(ids) => (
            <textarea
              {...ids}
              class="mono"
              spellcheck={false}
              value={form.profile}
              onInput={({ currentTarget }) => set({ profile: currentTarget.value })}
            />
          )}
        </Field>
      </details>
      <label class="check">
        <input
          type="checkbox"
          checked={form.promote}
          onChange={({ currentTarget }) => set({ promote: currentTarget.checked })}
        />
        Promote it when it is complete, without a look at what differs
      </label>
      {problem !== undefined && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </Confirmed>
  )
}

const RebuildOutcome = ({ outcome }: Readonly<{ outcome: Rebuilt }>): JSX.Element => {
  const { generation, before, promoted, intervals, different, notCompared, outside } = outcome
  return (
    <>
      <p>
        {generation} is complete{promoted ? ' and live' : ''}.{' '}
        {notCompared !== null
          ? `It was not compared: ${notCompared}.`
          : `${count(different)} of ${count(intervals)} intervals differ from ${before ?? 'nothing'}.`}
      </p>
      {outside !== null && (
        <p>
          Out of its scope {count(outside.same)} of {count(outside.rows)} rows have the bytes that they had.
        </p>
      )}
      {!promoted && before !== null && (
        <p>
          <Link href={hrefOf('compare/generations', { before, after: generation })}>
            Compare {before} and {generation}
          </Link>
        </p>
      )}
    </>
  )
}
