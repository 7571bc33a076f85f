"""A stand-in, for tests, for the enforcement of NetworkPolicies that a cluster's network plug-in brings (on AKS: Cilium).

`python -m tests.cluster.enforcer --kubeconfig FILE`, in the network namespace of the only node, watches policies,
namespaces and pods, and keeps one nftables table that says the same. What it shows is that our policies mean what we
want; not that any plug-in is right. It differs from one where the specification leaves a choice or the node is odd:

- Connections that were let through stay, whatever the policies become (so with most plug-ins).
- An `ipBlock` is a matter of addresses alone, pods' addresses included (so with plug-ins on iptables; not Cilium).
- The node's own traffic to its pods is free: probes come from it. The machine around the node is a stranger.
- A pod whose address is not known yet neither reaches nor is reached: no container outruns its policies.
- DNS is a process of the node, and stands for a pod `k8s-app: kube-dns` of kube-system with port 53 and no other.
- IPv4 only.
"""
