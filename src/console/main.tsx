import { render } from 'preact'
import { App } from './frame/app.js'
import { consoleOf } from './frame/console.js'
import { pageAt } from './frame/route/pages.js'
import { routeOf } from './frame/route/route.js'
import './style/tokens.css'
import './style/base.css'
import './style/frame.css'
import './style/components.css'

// The page is fetched while the session is asked for; a fetch that fails is told where the page is shown.
pageAt(routeOf(location.pathname))
  ?.load()
  .catch(() => undefined)
render(<App console={consoleOf()} />, document.getElementById('console') as HTMLElement)
