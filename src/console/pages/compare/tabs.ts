import type { Route } from '../../frame/route/route.js'
import type { Catalogue } from './answers.js'

/** What each part of the page is given. */
export type TabProps = Readonly<{ route: Route; catalogue: Catalogue }>
