import { useEffect, useState } from "react";
import { moment, span, untilChange } from "../format/time";

/** How long ago something was, kept true while it is shown; the moment itself is a hover away. */
export function Age({ time }: { time: string }) {
  const since = Date.parse(time);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), untilChange(now - since));
    return () => clearTimeout(timer);
  }, [now, since]);
  if (Number.isNaN(since)) return <span>{time}</span>;
  return (
    <time dateTime={time} title={moment(time)}>
      {span(now - since)}
    </time>
  );
}
