import type { ComponentType } from 'preact'
import type { Access } from '../session/access.js'
import type { PageProps } from './page-props.js'
import type { Route } from './route.js'

export type PageEntry = Readonly<{
  /** Its part of the address: `/console/<path>`. */
  path: string
  title: string
  access: Access
  /** Whether the navigation has it; others are reached from a page. */
  isInNavigation: boolean
  load: () => Promise<Readonly<{ Page: ComponentType<PageProps> }>>
}>

/** The pages, each loaded when it is first shown. The first is where the console begins. */
export const pages: readonly PageEntry[] = [
  {
    ...{ path: 'flow', title: 'Flow', access: 'figures', isInNavigation: true },
    load: () => import('../../pages/flow/flow-page.js'),
  },
  {
    ...{ path: 'figures', title: 'Figures', access: 'figures', isInNavigation: true },
    load: () => import('../../pages/figures/figures-page.js'),
  },
  {
    ...{ path: 'explain', title: 'Explain', access: 'operations', isInNavigation: false },
    load: () => import('../../pages/explain/explain-page.js'),
  },
  {
    ...{ path: 'compare', title: 'Compare', access: 'operations', isInNavigation: true },
    load: () => import('../../pages/compare/compare-page.js'),
  },
  {
    ...{ path: 'operations', title: 'Operations', access: 'figures', isInNavigation: true },
    load: () => import('../../pages/operations/operations-page.js'),
  },
]

/** The page at a place; undefined where there is none. */
export const pageAt = ({ path: [first] }: Pick<Route, 'path'>): PageEntry | undefined =>
  first === undefined ? pages[0] : pages.find(({ path }) => path === first)
