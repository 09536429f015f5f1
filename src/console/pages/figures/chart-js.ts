/** The parts of Chart.js that the charts need, in a file of their own: they are loaded when the first chart is drawn. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js'

Chart.register(BarController, BarElement, LineController, LineElement, PointElement)
Chart.register(CategoryScale, LinearScale, Legend, Tooltip)

export { Chart }
