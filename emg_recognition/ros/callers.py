"""Who may have asked: what the graph tells about the callers of a service, and which parameters changed."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node, NodeNameNonExistentError
from rclpy.parameter import Parameter

from emg_recognition.text import printable

#: Most names in a line.
_MOST = 10


def callers(node: Node, service: str) -> str:
    """Return the nodes that have a client of a service, as a list for the log.

    A request does not tell rclpy who sent it. The graph tells who can have.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that offers the service.
    service : str
        Its name, relative or not.
    """
    wanted = node.resolve_service_name(service)
    found = []
    for name, namespace in node.get_node_names_and_namespaces():
        try:
            clients = node.get_client_names_and_types_by_node(name, namespace)
        except NodeNameNonExistentError:  # it has just ended
            continue
        if any(one == wanted for one, _ in clients):
            found.append(printable(f"{namespace.rstrip('/')}/{name}"))
    if not found:
        return "no known node"
    return ", ".join(sorted(found)[:_MOST]) + (" and more" if len(found) > _MOST else "")


def log_changes(node: Node, changes: Sequence[Parameter]) -> None:
    """Log what each parameter was and becomes; call it before the values change."""
    for change in changes:
        before = node.get_parameter(change.name).value if node.has_parameter(change.name) else None
        if before != change.value:
            node.get_logger().info(
                f"parameter {printable(change.name)}: {printable(before)} -> {printable(change.value)}"
            )
