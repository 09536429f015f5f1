import type { JSX } from 'preact'
import { hrefOf } from '../frame/route/route.js'
import { Link } from '../frame/route/router.js'

type Tab = Readonly<{ path: string; title: string }>
type Props = Readonly<{ page: string; title: string; tabs: readonly Tab[]; current: string | undefined }>

/** The parts of a page, each with an address of its own below that of the page. */
export const Tabs = ({ page, title, tabs, current }: Props): JSX.Element => (
  <nav aria-label={title}>
    <ul class="tabs">
      {tabs.map((each) => (
        <li key={each.path}>
          <Link href={hrefOf([page, each.path])} current={each.path === current}>
            {each.title}
          </Link>
        </li>
      ))}
    </ul>
  </nav>
)
