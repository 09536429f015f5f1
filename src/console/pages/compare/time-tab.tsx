import type { JSX } from 'preact'
import { Shown } from '../../components/asked.js'
import { Field } from '../../components/field.js'
import { instant, localOf } from '../../format/instant.js'
import { useConsole, useZone } from '../../frame/console.js'
import { hrefOf } from '../../frame/route/route.js'
import { go } from '../../frame/route/router.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import { ComparedTable } from './compared-table.js'
import { ScopeFields } from './scope-fields.js'
import { isoIn, scopeIn } from './scope.js'
import { readStates } from './states.js'
import type { TabProps } from './tabs.js'

/** Rows as first published, as they stood at a moment, and as they are now. */
export const TimeTab = ({ route, catalogue }: TabProps): JSX.Element => {
  const { api } = useConsole()
  const zone = useZone()
  const scope = scopeIn(route.query, catalogue)
  const asOf = route.query['asOf'] ?? ''
  const by = route.query['by'] ?? 'event-time'
  const change = (query: Readonly<Record<string, string>>): void =>
    go(hrefOf(['compare', 'time'], { ...scope, asOf, by, ...query }), { replace: true })
  const asked = useAnswer(JSON.stringify([scope, asOf, by]), (signal) =>
    readStates(
      api,
      scope,
      [
        { title: 'First published', query: { what: 'first' } },
        ...(asOf === '' ? [] : [{ title: `As of ${instant(asOf, zone)}`, query: { what: 'as-of', asOf, by } }]),
        { title: 'Latest', query: { what: 'latest' } },
      ],
      signal,
    ),
  )
  return (
    <section class="panel" aria-label="Rows over time">
      <form class="form" onSubmit={(event) => event.preventDefault()}>
        <ScopeFields {...{ catalogue, scope }} onChange={change} />
        <div class="form-row">
          <Field label="As of" hint="a moment between; empty: only first and latest">
            {(ids) => (
              <input
                {...ids}
                type="datetime-local"
                value={localOf(asOf, zone)}
                onChange={({ currentTarget }) => change({ asOf: isoIn(currentTarget.value, zone) })}
              />
            )}
          </Field>
          <Field label="The moment is" hint="of the log's clock, or of receipt">
            {(ids) => (
              <select {...ids} value={by} onChange={({ currentTarget }) => change({ by: currentTarget.value })}>
                <option value="event-time">event time</option>
                <option value="known">when it was known</option>
              </select>
            )}
          </Field>
        </div>
      </form>
      <Shown asked={asked} what="rows">
        {(states) => <ComparedTable {...{ states, catalogue, family: scope.family }} caption="Rows over time" />}
      </Shown>
    </section>
  )
}
