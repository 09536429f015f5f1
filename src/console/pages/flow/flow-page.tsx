import type { ComponentChildren, JSX } from 'preact'
import type { Flow, FlowStage } from '../../../http/console/shapes.js'
import { Instant } from '../../components/instant.js'
import { State } from '../../components/state.js'
import { duration } from '../../format/duration.js'
import { bytes, count, NONE, percent, rate } from '../../format/number.js'
import { useConsole, useMay } from '../../frame/console.js'
import { troubleRemedy } from '../../frame/remedies.js'
import { hrefOf } from '../../frame/route/route.js'
import { Link } from '../../frame/route/router.js'
import { useStore } from '../../frame/store.js'
import { useNow } from '../../frame/asking/use-answer.js'
import { lagText, placesIn, stageTitle, stateTone } from './flow-model.js'
import './flow.css'
import { StageTable } from './stage-table.js'
import { TrustPanel } from './trust-panel.js'

/** The way of an event, live: Genesys, raw log, projector, KPI log, each sink, and what stands beside it. */
export const Page = (): JSX.Element => {
  const { live } = useConsole()
  const flow = useStore(live.flow)
  return (
    <>
      <div class="page-head">
        <h1>Flow</h1>
        {flow !== undefined && (
          <p class="quiet small">
            {flow.mode === 'read-only' ? 'A folder, read only, seen ' : 'Seen '}
            <Instant at={flow.at} />
          </p>
        )}
      </div>
      <TrustPanel />
      {flow === undefined ? <p class="quiet loading">Waiting for the first live figures …</p> : <Way flow={flow} />}
    </>
  )
}

const Way = ({ flow }: Readonly<{ flow: Flow }>): JSX.Element => {
  const { ingress, projector, warming, egress, beside } = placesIn(flow)
  return (
    <>
      <section aria-labelledby="way">
        <h2 id="way" class="hidden">
          The way of an event
        </h2>
        <ol class="way">
          <SourcesNode ingress={ingress} />
          <RawLogNode flow={flow} ingress={ingress} />
          <StageNode title="Projector" stage={projector}>
            <Figure name="Generation">{flow.kpi?.generation ?? NONE}</Figure>
            {flow.generations
              .filter(({ state }) => state === 'warming')
              .map(({ name, done }) => (
                <Figure key={name} name={`Computing ${name}`}>
                  {percent(done)}
                </Figure>
              ))}
          </StageNode>
          <KpiLogNode flow={flow} />
          <li class="node sinks">
            <h3>Sinks</h3>
            {egress.length === 0 ? (
              <p class="quiet">No sink is configured (egress.sink is none).</p>
            ) : (
              <ul>
                {egress.map((stage) => (
                  <SinkView key={stage.stage} stage={stage} />
                ))}
              </ul>
            )}
          </li>
        </ol>
      </section>
      <section class="panel" aria-labelledby="stages">
        <h2 id="stages">All stages</h2>
        <StageTable
          caption="All stages"
          stages={[ingress, projector, ...warming, ...egress, ...beside].filter((stage) => stage !== undefined)}
        />
      </section>
    </>
  )
}

const Figure = ({ name, children }: Readonly<{ name: string; children: ComponentChildren }>): JSX.Element => (
  <div class="figure">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const StateLine = ({ stage }: Readonly<{ stage: FlowStage }>): JSX.Element => (
  <p class="state-line">
    <State tone={stateTone[stage.state]}>{stage.state}</State>
    {stage.since !== null && (
      <span class="quiet small">
        since <Instant at={stage.since} />
      </span>
    )}
  </p>
)

/** What a person should know of a stage. A trouble is told in words rather than by its code. */
const Says = ({ stage }: Readonly<{ stage: FlowStage }>): JSX.Element | null => {
  const [trouble] = stage.troubles
  const text = trouble === undefined ? stage.says : troubleRemedy(trouble.trouble, stage).what
  return text === null ? null : <p class="small wrap-all">{text}</p>
}

type StageNodeProps = Readonly<{ title: string; stage: FlowStage | undefined; children?: ComponentChildren }>

const StageNode = ({ title, stage, children }: StageNodeProps): JSX.Element => (
  <li class="node">
    <h3>{title}</h3>
    {stage === undefined ? (
      <p class="quiet">Not seen: another process may run it.</p>
    ) : (
      <>
        <StateLine stage={stage} />
        <dl>
          <Figure name="Rate">{rate(stage.ratePerS)}</Figure>
          <Figure name="Lag">{lagText(stage)}</Figure>
          {children}
        </dl>
        <Says stage={stage} />
      </>
    )}
  </li>
)

const sourceTone = { connecting: 'busy', connected: 'good', paused: 'warn', ended: 'bad' } as const

const SourcesNode = ({ ingress }: Readonly<{ ingress: FlowStage | undefined }>): JSX.Element => {
  const sources = Object.entries(ingress?.sources ?? {})
  return (
    <li class="node">
      <h3>Genesys</h3>
      {sources.length === 0 ? (
        <p class="quiet">
          Events come in by HTTP (<code>POST /v1/events</code>) and by import.
        </p>
      ) : (
        <ul class="plain-list">
          {sources.map(([name, { state, since, lag }]) => (
            <li key={name}>
              <p class="state-line">
                <strong>{name}</strong> <State tone={sourceTone[state]}>{state}</State>
              </p>
              <p class="quiet small">
                since <Instant at={since} />
                {lag?.events !== undefined && `, ${count(lag.events)} events wait there`}
                {lag?.seconds !== undefined && `, ${duration(lag.seconds * 1_000)} behind`}
              </p>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

const RawLogNode = ({ flow, ingress }: Readonly<{ flow: Flow; ingress: FlowStage | undefined }>): JSX.Element => {
  const now = useNow()
  const { log, clock, disk } = flow
  return (
    <li class="node">
      <h3>Raw log</h3>
      <p class="state-line">
        <State tone={log.state === 'unreachable' ? 'bad' : log.state === 'empty' ? 'none' : 'good'}>{log.state}</State>
        <span class="quiet small">{log.kind === 'embedded' ? 'embedded' : 'EventStoreDB'}</span>
        {ingress !== undefined && ingress.state !== 'working' && (
          <State tone={stateTone[ingress.state]}>ingress {ingress.state}</State>
        )}
      </p>
      <dl>
        <Figure name="Events in">{rate(ingress?.ratePerS)}</Figure>
        <Figure name="Position">{log.position === null ? NONE : count(Number(log.position))}</Figure>
        <Figure name="Frontier">
          <Instant at={clock.frontier} />
        </Figure>
        <Figure name="Last tick">
          <Instant at={clock.tickedAt} now={now} />
        </Figure>
        {disk !== null && <Figure name="Disk free">{bytes(disk.freeBytes)}</Figure>}
      </dl>
      {log.says !== null && <p class="small wrap-all">{log.says}</p>}
    </li>
  )
}

const KpiLogNode = ({
  flow: { kpi, openIntervals, deadLetters, generations },
}: Readonly<{ flow: Flow }>): JSX.Element => {
  const { openLetters } = useConsole()
  const open = useStore(openLetters.count)
  const mayLook = useMay('operations')
  const letters =
    open === undefined || open === deadLetters ? count(deadLetters) : `${count(open)} open of ${count(deadLetters)}`
  return (
    <li class="node">
      <h3>KPI log</h3>
      <p class="state-line">
        {kpi === null ? (
          <State tone="none">empty</State>
        ) : (
          <>
            <State tone="good">generation {kpi.generation}</State>
            {generations.length > 1 && (
              <Link href={hrefOf('operations/generations')} class="small">
                {generations.length} generations
              </Link>
            )}
          </>
        )}
      </p>
      <dl>
        <Figure name="Rows out">{rate(kpi?.ratePerS)}</Figure>
        <Figure name="Revision">{count(kpi?.revision)}</Figure>
        <Figure name="Open intervals">{count(openIntervals)}</Figure>
        <Figure name="Dead letters">
          {mayLook && deadLetters > 0 ? (
            <Link href={hrefOf('operations/dead-letters', { state: 'open' })}>{letters}</Link>
          ) : (
            letters
          )}
        </Figure>
      </dl>
    </li>
  )
}

const SinkView = ({ stage }: Readonly<{ stage: FlowStage }>): JSX.Element => (
  <li class="sink">
    <h4>
      {stageTitle(stage)}
      {stage.destination !== null && stage.destination.use !== stage.destination.name && (
        <span class="quiet"> {stage.destination.use}</span>
      )}
    </h4>
    <StateLine stage={stage} />
    {stage.destination !== null && <p class="quiet small wrap-all">{stage.destination.place}</p>}
    <dl>
      <Figure name="Rate">{rate(stage.ratePerS)}</Figure>
      <Figure name="Lag">{lagText(stage)}</Figure>
    </dl>
    <Says stage={stage} />
  </li>
)
