import type { ComponentType, JSX } from 'preact'
import { Tabs } from '../../components/tabs.js'
import { mayUse, refusalText, type Access } from '../../frame/session/access.js'
import { useSession } from '../../frame/console.js'
import type { PageProps } from '../../frame/route/page-props.js'
import { AuditLogTab } from './audit-log.js'
import { DeadLettersTab } from './dead-letters/dead-letters.js'
import { DoctorTab } from './doctor.js'
import { GenerationsTab } from './generations/generations.js'
import { JobsTab } from './jobs.js'
import './operations.css'
import { ReplayTab } from './replay.js'

type Tab = Readonly<{ path: string; title: string; access: Access; View: ComponentType<PageProps> }>

const tabs: readonly Tab[] = [
  { path: 'generations', title: 'Generations', access: 'figures', View: GenerationsTab },
  { path: 'replay', title: 'Replay', access: 'change', View: ReplayTab },
  { path: 'dead-letters', title: 'Dead letters', access: 'figures', View: DeadLettersTab },
  { path: 'jobs', title: 'Jobs', access: 'figures', View: JobsTab },
  { path: 'doctor', title: 'Doctor', access: 'operations', View: DoctorTab },
  { path: 'audit-log', title: 'Audit log', access: 'evidence', View: AuditLogTab },
]

/** What operators do: generations, replay, dead letters, jobs, doctor, and what was done. Roles decide what is there. */
export const Page = ({ route }: PageProps): JSX.Element => {
  const session = useSession()
  const path = route.path[1] ?? 'generations'
  const tab = tabs.find((each) => each.path === path)
  return (
    <>
      <h1>Operations</h1>
      <Tabs
        page="operations"
        title="Operations"
        tabs={tabs.filter(({ access }) => mayUse(session, access))}
        current={tab?.path}
      />
      {tab === undefined ? (
        <p>There is no such part of Operations.</p>
      ) : mayUse(session, tab.access) ? (
        <tab.View route={route} />
      ) : (
        <p>{refusalText(session, tab.access)}</p>
      )}
    </>
  )
}
