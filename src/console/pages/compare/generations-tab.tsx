import type { JSX } from 'preact'
import { Shown } from '../../components/asked.js'
import { Field } from '../../components/field.js'
import { useConsole } from '../../frame/console.js'
import { hrefOf } from '../../frame/route/route.js'
import { go } from '../../frame/route/router.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import { ComparedTable } from './compared-table.js'
import { ScopeFields } from './scope-fields.js'
import { scopeIn } from './scope.js'
import { readStates } from './states.js'
import type { TabProps } from './tabs.js'

type Generation = Readonly<{ name: string; phase: 'live' | 'complete' | 'incomplete' | 'retired' }>
type Generations = Readonly<{ live: string | null; generations: readonly Generation[] }>

/** The rows of two generations. */
export const GenerationsTab = (props: TabProps): JSX.Element => {
  const { api } = useConsole()
  const asked = useAnswer('generations', (signal) => api.get<Generations>('/generations', {}, signal))
  return (
    <section class="panel" aria-label="Two generations">
      <Shown asked={asked} what="generations">
        {({ live, generations }) => {
          const there = generations.filter(({ phase }) => phase !== 'retired')
          return there.length < 2 ? (
            <p>
              There is one generation, {there[0]?.name ?? 'none yet'}. A rebuild (Operations, Generations) makes another
              beside it, which can be compared here before it is promoted.
            </p>
          ) : (
            <TwoGenerations {...{ ...props, live, generations: there }} />
          )
        }}
      </Shown>
    </section>
  )
}

type TwoProps = TabProps & Generations

const TwoGenerations = ({ route, catalogue, live, generations }: TwoProps): JSX.Element => {
  const { api } = useConsole()
  const scope = scopeIn(route.query, catalogue)
  const names = generations.map(({ name }) => name)
  const before = route.query['before'] ?? live ?? names[0] ?? ''
  const after = route.query['after'] ?? names.findLast((name) => name !== before) ?? ''
  const change = (query: Readonly<Record<string, string>>): void =>
    go(hrefOf(['compare', 'generations'], { ...scope, before, after, ...query }), { replace: true })
  const asked = useAnswer(JSON.stringify([scope, before, after]), (signal) =>
    readStates(
      api,
      scope,
      [before, after].map((generation) => ({
        title: generation === live ? `${generation} (live)` : generation,
        query: { what: 'latest', generation },
      })),
      signal,
    ),
  )
  const choice = (name: 'before' | 'after', label: string, value: string): JSX.Element => (
    <Field label={label}>
      {(ids) => (
        <select {...ids} value={value} onChange={({ currentTarget }) => change({ [name]: currentTarget.value })}>
          {generations.map((each) => (
            <option key={each.name} value={each.name}>{`${each.name} (${each.phase})`}</option>
          ))}
        </select>
      )}
    </Field>
  )
  return (
    <>
      <form class="form" onSubmit={(event) => event.preventDefault()}>
        <div class="form-row">
          {choice('before', 'Generation', before)}
          {choice('after', 'Compared with', after)}
        </div>
        <ScopeFields {...{ catalogue, scope }} onChange={change} />
      </form>
      <Shown asked={asked} what="rows">
        {(states) => (
          <ComparedTable {...{ states, catalogue, family: scope.family }} caption={`Rows of ${before} and ${after}`} />
        )}
      </Shown>
    </>
  )
}
