import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../components/asked.js'
import { Command } from '../../components/command.js'
import { useConsole, useMay } from '../../frame/console.js'
import { finished } from '../../frame/jobs/jobs.js'
import type { PageProps } from '../../frame/route/page-props.js'
import { hrefOf } from '../../frame/route/route.js'
import { Link } from '../../frame/route/router.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import type { Explanation } from './answers.js'
import { explainBody, explainCommand, explainParams, explainQueryIn, type ExplainQuery } from './explain-query.js'
import { RowView } from './row-view.js'
import { SumView } from './sum-view.js'
import './explain.css'

/** Why a figure is what it is: the answer of `streamvane explain`, of the row that the address names. */
export const Page = ({ route }: PageProps): JSX.Element => {
  const query = explainQueryIn(route.query)
  return (
    <>
      <div class="page-head">
        <h1>Explain</h1>
        <button type="button" onClick={() => history.back()}>
          Back
        </button>
      </div>
      {query === undefined ? (
        <p>
          Choose a figure on the page <Link href={hrefOf('figures')}>Figures</Link>: click it, or press Enter on it.
        </p>
      ) : query.isSum ? (
        <SumView query={query} />
      ) : (
        <Explained key={JSON.stringify(query)} query={query} />
      )}
    </>
  )
}

const Explained = ({ query }: Readonly<{ query: ExplainQuery }>): JSX.Element => {
  const { api } = useConsole()
  const mayReadRaw = useMay('evidence')
  const [withRaw, setWithRaw] = useState(false)
  const asked = useAnswer(`${JSON.stringify(query)} ${withRaw}`, (signal) =>
    finished<Explanation>(api, withRaw ? '/explanations/raw' : '/explanations', explainBody(query), signal),
  )
  const { kpi, revision, ...whole } = query
  return (
    <>
      <p class="actions">
        {kpi !== undefined && (
          <Link href={hrefOf('explain', explainParams({ ...whole, revision, kpi: undefined }))} class="button">
            All KPIs of the row
          </Link>
        )}
        {revision !== undefined && (
          <Link href={hrefOf('explain', explainParams({ ...whole, kpi, revision: undefined }))} class="button">
            The latest revision
          </Link>
        )}
        {mayReadRaw && (
          <label class="check">
            <input
              type="checkbox"
              checked={withRaw}
              onChange={({ currentTarget }) => setWithRaw(currentTarget.checked)}
            />
            Raw events (the audit log records that you read them)
          </label>
        )}
      </p>
      <p class="quiet small">
        The same on the command line: <Command text={explainCommand(query)} />
      </p>
      <Shown asked={asked} what="the events behind the row">
        {({ rows }) => rows.map((row) => <RowView key={row.row.key} explained={row} query={query} />)}
      </Shown>
    </>
  )
}
