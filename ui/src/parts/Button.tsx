import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "./Icon";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon?: IconName;
  look?: "plain" | "primary" | "danger" | "quiet";
  /** A button that only shows its icon still has a name. */
  isBare?: boolean;
  label: string;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ icon, look = "plain", isBare = false, label, className = "", ...rest }: Props) {
  const classes = `button is-${look} ${isBare ? "is-bare" : ""} ${className}`;
  const named = isBare ? { "aria-label": label, title: label } : {};
  return (
    <button type="button" {...rest} {...named} className={classes}>
      {icon && <Icon name={icon} />}
      {!isBare && <span>{label}</span>}
    </button>
  );
}
