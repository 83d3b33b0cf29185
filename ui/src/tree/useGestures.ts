import { type RefObject, useEffect, useRef } from "react";
import { type View, zoom } from "./layout";

type Change = (change: (view: View) => View) => void;

const SLIP = 4;

/** Dragging, pinching and the wheel. Says whether the click that follows was the end of a drag. */
export function useGestures(box: RefObject<HTMLElement | null>, change: Change): () => boolean {
  const dragged = useRef(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let moved = 0;

    const down = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest("button")) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.size === 1) {
        moved = 0;
        dragged.current = false;
      }
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (moved > SLIP && !dragged.current) {
        dragged.current = true;
        element.setPointerCapture(event.pointerId);
      }
      if (pointers.size === 2) {
        const other = Array.from(pointers).find(([id]) => id !== event.pointerId)?.[1];
        if (other) change(pinch(element, other, before, now));
      } else if (dragged.current) {
        change((view) => ({ ...view, x: view.x + now.x - before.x, y: view.y + now.y - before.y }));
      }
      pointers.set(event.pointerId, now);
    };
    const up = (event: PointerEvent) => pointers.delete(event.pointerId);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) {
        const { left, top } = element.getBoundingClientRect();
        const factor = Math.exp(-event.deltaY / 200);
        change((view) => zoom(view, factor, event.clientX - left, event.clientY - top));
      } else {
        const [dx, dy] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
        change((view) => ({ ...view, x: view.x - dx, y: view.y - dy }));
      }
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      element.removeEventListener("wheel", wheel);
    };
  }, [box, change]);
  return () => dragged.current;
}

interface Point {
  x: number;
  y: number;
}

function pinch(element: HTMLElement, still: Point, before: Point, now: Point): (view: View) => View {
  const { left, top } = element.getBoundingClientRect();
  const distance = (point: Point) => Math.hypot(point.x - still.x, point.y - still.y);
  const factor = distance(now) / Math.max(1, distance(before));
  return (view) => zoom(view, factor, (now.x + still.x) / 2 - left, (now.y + still.y) / 2 - top);
}
