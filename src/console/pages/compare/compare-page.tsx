import type { ComponentType, JSX } from 'preact'
import { Shown } from '../../components/asked.js'
import { Tabs } from '../../components/tabs.js'
import { refusalText } from '../../frame/session/access.js'
import { useConsole, useMay, useSession } from '../../frame/console.js'
import type { PageProps } from '../../frame/route/page-props.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import type { Catalogue } from './answers.js'
import './compare.css'
import { GenerationsTab } from './generations-tab.js'
import { GenesysTab } from './genesys-tab.js'
import type { TabProps } from './tabs.js'
import { TimeTab } from './time-tab.js'
import { WhatIfTab } from './what-if-tab.js'

const tabs: readonly Readonly<{ path: string; title: string; View: ComponentType<TabProps> }>[] = [
  { path: 'time', title: 'Over time', View: TimeTab },
  { path: 'generations', title: 'Generations', View: GenerationsTab },
  { path: 'what-if', title: 'What-if', View: WhatIfTab },
  { path: 'genesys', title: 'Genesys', View: GenesysTab },
]

/** Rows beside themselves at other times, of other generations, under other rules, and beside the figures of Genesys. */
export const Page = ({ route }: PageProps): JSX.Element => {
  const { api } = useConsole()
  const session = useSession()
  const mayCompare = useMay('operations')
  const family = route.query['family'] ?? 'queue'
  const asked = useAnswer(mayCompare ? family : undefined, (signal) =>
    api.get<Catalogue>('/figures/catalogue', { family }, signal),
  )
  const path = route.path[1] ?? 'time'
  const tab = tabs.find((each) => each.path === path)
  if (!mayCompare)
    return (
      <>
        <h1>Compare</h1>
        <p>{refusalText(session, 'operations')}</p>
      </>
    )
  return (
    <>
      <h1>Compare</h1>
      <Tabs page="compare" title="Compare" tabs={tabs} current={tab?.path} />
      {tab === undefined ? (
        <p>There is no such part of Compare.</p>
      ) : (
        <Shown asked={asked} what="what there is to compare">
          {(catalogue) => <tab.View route={route} catalogue={catalogue} />}
        </Shown>
      )}
    </>
  )
}
